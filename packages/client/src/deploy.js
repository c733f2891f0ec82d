/** @import { Deployed } from "./api.d.ts" */
/** @import { DeployFiles, DeployOptions, FileContent } from "./client.d.ts" */
/** @import { Send, Sent } from "./send.js" */
import { FaztError, jsonOf, unexpectedAnswer } from "./error.js"
import { segment } from "./send.js"

/** How many hashes one question about missing files may hold, and how many uploads are under way at the same time. */
const hashesAtOnce = 5000
const uploadsAtOnce = 6

/** A file so small shares a request with others, which together have so many bytes and are so many at most. */
const smallBytes = 256 * 1024
const batchBytes = 1024 * 1024
const batchFiles = 250

/** How often files that went missing between upload and publishing are sent again. */
const mostRounds = 3

/** @typedef {{ readonly hash: string, readonly size: number, readonly content: FileContent }} HashedFile */

/**
 * Uploads what the server lacks of the files, and publishes them all as one deploy.
 * @param {Send} send
 * @param {string} site
 * @param {DeployFiles} files
 * @param {DeployOptions} [options]
 */
export const deploy = async (send, site, files, { signal, headers, onProgress, ...rest } = {}) => {
  /** @param {string} method @param {string} path @param {Sent} sent */
  const ask = async (method, path, sent) => {
    const response = await send(method, path, { ...sent, signal, headers: { ...headers, ...sent.headers } })
    const answer = await jsonOf(response, signal)
    if (answer?.data === undefined) throw unexpectedAnswer(response)
    return answer.data
  }
  const place = `/api/sites/${segment("site", site)}/deploys`

  /** @type {Map<string, HashedFile>} */
  const byHash = new Map()
  /** @type {Record<string, { hash: string, size: number }>} */
  const manifest = {}
  for (const [path, content] of Object.entries(files)) {
    signal?.throwIfAborted()
    const bytes = await bytesOf(content)
    const file = { hash: await sha256(bytes), size: bytes.byteLength }
    byHash.set(file.hash, { ...file, content })
    // A path such as `__proto__` is one like any other.
    Object.defineProperty(manifest, path, { value: file, enumerable: true })
  }

  let uploaded = 0
  /** @param {ReadonlyArray<string>} hashes */
  const upload = async (hashes) => {
    const wanted = hashes.flatMap((hash) => byHash.get(hash) ?? [])
    const total = bytesIn(wanted)
    let done = 0
    await atOnce(uploadsAtOnce, batchesOf(wanted), async (batch) => {
      const [file] = batch
      const [method, path] = batch.length > 1 ? ["POST", "/api/blobs"] : ["PUT", `/api/blobs/${file?.hash}`]
      const body = batch.length > 1 ? await batchOf(batch) : file?.content
      // Uploading twice does no harm.
      await ask(method, path, { body, headers: { "content-type": "application/octet-stream" }, mayRepeat: true })
      uploaded += batch.length
      done += bytesIn(batch)
      onProgress?.({ done, total })
    })
    return wanted.length
  }

  const hashes = [...byHash.keys()]
  const missing = []
  for (let at = 0; at < hashes.length; at += hashesAtOnce) {
    const json = { hashes: hashes.slice(at, at + hashesAtOnce) }
    missing.push(...(await ask("POST", "/api/blobs/missing", { json, mayRepeat: true })).missing)
  }
  await upload(missing)
  for (let round = 1; ; round++) {
    try {
      /** @type {Deployed} */
      const deployed = await ask("POST", place, { json: { ...rest, files: manifest } })
      return { ...deployed, uploaded }
    } catch (error) {
      const isMissing = error instanceof FaztError && error.code === "BLOBS_MISSING" && round < mostRounds
      if (!isMissing || (await upload(/** @type {any} */ (error.details).missing)) === 0) throw error
    }
  }
}

/** @param {ReadonlyArray<HashedFile>} files */
const bytesIn = (files) => files.reduce((sum, { size }) => sum + size, 0)

/**
 * Small files share requests: for each of its own, the way there and back would take longer than the bytes.
 * @param {ReadonlyArray<HashedFile>} files
 */
const batchesOf = (files) => {
  const large = files.filter(({ size }) => size > smallBytes).map((file) => [file])
  /** @type {Array<Array<HashedFile>>} */
  const batches = []
  let room = 0
  for (const file of files.filter(({ size }) => size <= smallBytes)) {
    const last = batches.at(-1)
    if (last === undefined || room < file.size || last.length >= batchFiles) {
      batches.push([file])
      room = batchBytes
    } else last.push(file)
    room -= file.size
  }
  return [...large, ...batches]
}

/**
 * Many files as one body: of each the length (four bytes, big-endian) and the bytes.
 * @param {ReadonlyArray<HashedFile>} files
 */
const batchOf = async (files) => {
  const body = new Uint8Array(bytesIn(files) + 4 * files.length)
  let at = 0
  for (const { content } of files) {
    const bytes = await bytesOf(content)
    new DataView(body.buffer).setUint32(at, bytes.byteLength)
    body.set(bytes, at + 4)
    at += 4 + bytes.byteLength
  }
  return body
}

/** @param {FileContent} content */
const bytesOf = async (content) => {
  if (typeof content === "string") return new TextEncoder().encode(content)
  if (content instanceof Uint8Array) return content
  return new Uint8Array(content instanceof ArrayBuffer ? content : await content.arrayBuffer())
}

/** @param {Uint8Array} bytes */
const sha256 = async (bytes) => {
  const digest = await (await subtle()).digest("SHA-256", /** @type {BufferSource} */ (bytes))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** Web Crypto, which Node 18 has only as a module, and browsers only where pages are safe: over TLS, and on `localhost`. */
const subtle = async () => {
  const found = globalThis.crypto?.subtle
  if (found !== undefined) return found
  // Bundlers for browsers need not look for it.
  const name = "node:crypto"
  if (/** @type {any} */ (globalThis).process?.versions?.node !== undefined) return (await import(name)).webcrypto.subtle
  throw new TypeError("Files cannot be hashed here: browsers can on pages that came over TLS, or from localhost.")
}

/**
 * Runs something for every item, some of them at the same time. Where one fails, no further are begun.
 * @template Item
 * @param {number} most
 * @param {ReadonlyArray<Item>} items
 * @param {(item: Item) => Promise<void>} run
 */
const atOnce = async (most, items, run) => {
  const rest = items.values()
  let hasFailed = false
  const worker = async () => {
    for (const item of rest) {
      if (hasFailed) return
      try {
        await run(item)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: most }, worker))
}
