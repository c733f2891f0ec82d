import {
  type CipherGCM,
  type CipherGCMTypes,
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createHmac,
  type DecipherGCM,
  type Decipheriv,
  hash,
  hkdfSync,
  pbkdf2,
  timingSafeEqual,
} from "node:crypto"
import { promisify } from "node:util"
import { GuestError, type HostAnswer, type HostTable, type Invocation } from "../host.ts"

const derived = promisify(pbkdf2)

/**
 * Iterations of PBKDF2 that one request may make in all, counted for each block of the hash: what a core does in about a tenth of a
 * second, as long as a request may use it by default. Other threads than the sandbox's do this work, which no clock of it sees.
 */
const mostIterations = 200_000
const mostBytes = 8_192

const hashes: Readonly<Record<string, string>> = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" }
const blockBytes: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

const hashNamed = (name: string): string => {
  const known = hashes[name]
  if (known === undefined) throw new GuestError(`The hash ${name} is not supported.`, { name: "NotSupportedError" })
  return known
}

const checkBytes = (bytes: number): void => {
  if (!(bytes > 0 && bytes <= mostBytes)) throw new GuestError(`At most ${mostBytes} bytes can be derived.`, { name: "OperationError" })
}

/** Iterations that each run has asked for. */
const asked = new WeakMap<Invocation, number>()

const countIterations = (run: Invocation, iterations: number): void => {
  const all = (asked.get(run) ?? 0) + iterations
  if (!(iterations >= 1 && all <= mostIterations))
    throw new GuestError(
      `One request may make ${mostIterations.toLocaleString("en")} iterations of PBKDF2 in all, for each block of its hash.`,
      { name: "NotSupportedError" },
    )
  asked.set(run, all)
}

/** The last derivation of each site that has one under way in this thread. */
const underWay = new Map<string, Promise<unknown>>()

/** One at a time for each site, so that none takes all of the threads that do this. */
const inTurn = async <T>(site: string, work: () => Promise<T>): Promise<T> => {
  const result = (underWay.get(site) ?? Promise.resolve()).then(work)
  const over = result.then(
    () => {},
    () => {},
  )
  underWay.set(site, over)
  try {
    return await result
  } finally {
    if (underWay.get(site) === over) underWay.delete(site)
  }
}

/** Where the host's memory could still change while it works, or after: a copy. */
const own = (view: Uint8Array): Uint8Array => Uint8Array.from(view)

export const cryptoFunctions = (invocation: () => Invocation): HostTable => ({
  "crypto.digest": {
    kind: "sync",
    takes: "sb",
    run: (name: string, data: Uint8Array): Uint8Array => hash(hashNamed(name), data, "buffer"),
  },
  "crypto.hmac": {
    kind: "sync",
    takes: "sbb",
    run: (name: string, key: Uint8Array, data: Uint8Array): Uint8Array => createHmac(hashNamed(name), key).update(data).digest(),
  },
  "crypto.equal": {
    kind: "sync",
    takes: "bb",
    run: (a: Uint8Array, b: Uint8Array): number => (a.byteLength === b.byteLength && timingSafeEqual(a, b) ? 1 : 0),
  },
  /** Nothing if it fails. With GCM the tag stands after the text. */
  "crypto.aes": {
    kind: "sync",
    takes: "snbbbnb",
    run: (
      mode: string,
      encrypt: number,
      key: Uint8Array,
      iv: Uint8Array,
      additional: Uint8Array,
      tagBytes: number,
      data: Uint8Array,
    ): Uint8Array | undefined => {
      try {
        const name = `aes-${key.byteLength * 8}-${mode.slice(4).toLowerCase()}`
        if (mode !== "AES-GCM") return changed(encrypt ? createCipheriv(name, key, iv) : createDecipheriv(name, key, iv), data)
        const gcm = name as CipherGCMTypes
        const options = { authTagLength: tagBytes }
        return encrypt
          ? sealed(createCipheriv(gcm, key, iv, options).setAAD(additional), data)
          : opened(createDecipheriv(gcm, key, iv, options).setAAD(additional), data, tagBytes)
      } catch {
        return undefined
      }
    },
  },
  "crypto.hkdf": {
    kind: "sync",
    takes: "sbbbn",
    run: (name: string, key: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Uint8Array => {
      checkBytes(bytes)
      const algorithm = hashNamed(name)
      try {
        return new Uint8Array(hkdfSync(algorithm, key, salt, info, bytes))
      } catch {
        throw new GuestError("HKDF makes at most 255 times the bytes of its hash, and takes 1,024 bytes of info.", {
          name: "OperationError",
        })
      }
    },
  },
  "crypto.pbkdf2": {
    kind: "async",
    takes: "sbbnn",
    start: async (name: string, key: Uint8Array, salt: Uint8Array, iterations: number, bytes: number): Promise<HostAnswer> => {
      checkBytes(bytes)
      const algorithm = hashNamed(name)
      const run = invocation()
      countIterations(run, iterations * Math.ceil(bytes / blockBytes[algorithm]!))
      const [ownKey, ownSalt] = [own(key), own(salt)]
      const result = await inTurn(run.site, () => {
        // It may have waited longer than anybody is interested in it.
        if (run.signal.aborted) throw new GuestError("The request is over.", { name: "AbortError" })
        return derived(ownKey, ownSalt, iterations, bytes, algorithm)
      })
      return { text: "null", bytes: result }
    },
  },
})

const changed = (cipher: Cipheriv | Decipheriv, data: Uint8Array): Buffer => Buffer.concat([cipher.update(data), cipher.final()])

const sealed = (cipher: CipherGCM, data: Uint8Array): Buffer => Buffer.concat([changed(cipher, data), cipher.getAuthTag()])

const opened = (decipher: DecipherGCM, data: Uint8Array, tagBytes: number): Buffer | undefined => {
  const textBytes = data.byteLength - tagBytes
  if (textBytes < 0) return undefined
  decipher.setAuthTag(data.subarray(textBytes))
  return changed(decipher, data.subarray(0, textBytes))
}
