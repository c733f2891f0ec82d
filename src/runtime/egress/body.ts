import type { Readable } from "node:stream"
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib"
import { netError } from "./errors.ts"
import { type FlatHeaders, headerOf, withoutCoding } from "./headers.ts"

const tooLarge = (where: string, most: number) =>
  netError(
    "NET_SIZE",
    `The body that ${where} sent is larger than ${most} bytes, the most that a call may bring (functions.subrequest_bytes).`,
  )

/** All of a stream, which ends with an error as soon as it has given more than `most` bytes. */
const gathered = async (stream: AsyncIterable<Buffer>, most: number, where: string): Promise<Buffer> => {
  const parts: Array<Buffer> = []
  let bytes = 0
  for await (const part of stream) {
    bytes += part.length
    if (bytes > most) throw tooLarge(where, most)
    parts.push(part)
  }
  return Buffer.concat(parts, bytes)
}

const decoders: Readonly<Record<string, (bytes: Buffer) => NodeJS.ReadWriteStream>> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  br: () => createBrotliDecompress(),
  // "deflate" means zlib's form by the standard and the bare one in some servers; the first byte tells.
  deflate: (bytes) => ((bytes[0]! & 0x0f) === 8 ? createInflate() : createInflateRaw()),
}

/** Unpacks in small pieces, and stops at `most` bytes however much more there would be. */
const unpacked = async (bytes: Buffer, coding: string, most: number, where: string, signal: AbortSignal): Promise<Buffer> => {
  const decoder = decoders[coding]!(bytes) as unknown as Readable & NodeJS.WritableStream
  const stop = (): void => void decoder.destroy(new Error("aborted"))
  signal.addEventListener("abort", stop, { once: true })
  try {
    decoder.end(bytes)
    return await gathered(decoder, most, where)
  } catch (error) {
    if (signal.aborted || (error as { readonly code?: unknown }).code === "NET_SIZE") throw error
    throw netError("NET_ERROR", `The body that ${where} sent is not valid ${coding}.`)
  } finally {
    signal.removeEventListener("abort", stop)
    decoder.destroy()
  }
}

export interface Received {
  readonly headers: FlatHeaders
  readonly body: Uint8Array
}

/** The body of an answer, unpacked, at most `most` bytes of it on the wire and unpacked. */
export const receive = async (
  stream: Readable,
  headers: FlatHeaders,
  { method, most, where, signal }: { readonly method: string; readonly most: number; readonly where: string; readonly signal: AbortSignal },
): Promise<Received> => {
  // What an answer to HEAD would have had is of no account.
  if (method !== "HEAD" && Number(headerOf(headers, "content-length") ?? 0) > most) throw tooLarge(where, most)
  const bytes = await gathered(stream, most, where)
  const codings = (headerOf(headers, "content-encoding") ?? "")
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity")
  if (bytes.length === 0 || codings.length === 0) return { headers, body: bytes }
  if (codings.length > 1) throw netError("NET_ERROR", `The body that ${where} sent is packed more than once, which is not supported.`)
  // In a coding that nobody asked for, it is handed on as it came.
  if (decoders[codings[0]!] === undefined) return { headers, body: bytes }
  return { headers: withoutCoding(headers), body: await unpacked(bytes, codings[0]!, most, where, signal) }
}
