export type Bytes = Uint8Array<ArrayBuffer>
export type BufferSource = ArrayBuffer | ArrayBufferView<ArrayBuffer>

export const isBufferSource = (value: unknown): value is BufferSource => ArrayBuffer.isView(value) || value instanceof ArrayBuffer

/** The same memory, seen as bytes. */
export const bytesOf = (source: BufferSource): Bytes =>
  source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source.buffer, source.byteOffset, source.byteLength)

/** A buffer of exactly these bytes; the caller's own memory where that is possible. */
export const bufferOf = (source: BufferSource): ArrayBuffer =>
  source instanceof ArrayBuffer ? source : source.byteLength === source.buffer.byteLength ? source.buffer : copyOf(source)

/** A new buffer of exactly these bytes. */
export const copyOf = (source: BufferSource): ArrayBuffer =>
  source instanceof ArrayBuffer ? source.slice(0) : source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength)

export const concatenated = (chunks: ReadonlyArray<Bytes>): Bytes => {
  if (chunks.length === 1) return chunks[0]!
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
