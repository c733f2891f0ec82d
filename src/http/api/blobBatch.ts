/**
 * The body of `POST /api/blobs`: many small blobs in one request, each as its length (four bytes, big-endian) and its bytes.
 * Part of the contract: clients write it, the server reads it.
 */

/** A batch may be so large, and each blob in it. */
export const maxBatchBytes = 4 * 1024 * 1024
export const maxBatchedBlobBytes = 256 * 1024

const maxBatchedBlobs = 1000

const lengthBytes = 4

export const encodeBlobBatch = (blobs: ReadonlyArray<Uint8Array>): Uint8Array => {
  const body = Buffer.allocUnsafe(blobs.reduce((sum, { byteLength }) => sum + lengthBytes + byteLength, 0))
  let at = 0
  for (const blob of blobs) {
    at = body.writeUInt32BE(blob.byteLength, at)
    body.set(blob, at)
    at += blob.byteLength
  }
  return body
}

/** The blobs of a batch; nothing if the body is no batch, or has too many or too large ones. */
export const decodeBlobBatch = (body: Buffer): ReadonlyArray<Uint8Array> | undefined => {
  const blobs: Array<Uint8Array> = []
  for (let at = 0; at < body.byteLength; ) {
    if (at + lengthBytes > body.byteLength || blobs.length >= maxBatchedBlobs) return undefined
    const length = body.readUInt32BE(at)
    at += lengthBytes
    if (length > maxBatchedBlobBytes || at + length > body.byteLength) return undefined
    blobs.push(body.subarray(at, at + length))
    at += length
  }
  return blobs
}
