import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync, pbkdf2, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"
import { GuestError, type HostAnswer, type HostTable, type Invocation } from "../host.ts"

const derived = promisify(pbkdf2)

/** What OWASP asks for with SHA-256; it takes a core a fifth of a second. */
const mostIterations = 600_000
const mostBytes = 8_192

const hashes: Readonly<Record<string, string>> = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" }

const hashNamed = (name: string): string => {
  const known = hashes[name]
  if (known === undefined) throw new GuestError(`The hash ${name} is not supported.`, { name: "NotSupportedError" })
  return known
}

const checkBytes = (bytes: number): void => {
  if (!(bytes > 0 && bytes <= mostBytes)) throw new GuestError(`At most ${mostBytes} bytes can be derived.`, { name: "OperationError" })
}

/** Where the host's memory could still change while it works, or after: a copy. */
const own = (view: Uint8Array): Uint8Array => Uint8Array.from(view)

export const cryptoFunctions = (invocation: () => Invocation): HostTable => {
  /** One at a time for each sandbox, so that no site takes all of the threads that do this. */
  let last: Promise<unknown> = Promise.resolve()

  return {
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
          return mode === "AES-GCM" ? gcm(name, encrypt, key, iv, additional, tagBytes, data) : plain(name, encrypt, key, iv, data)
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
        if (!(iterations >= 1 && iterations <= mostIterations))
          throw new GuestError(`PBKDF2 makes at most ${mostIterations.toLocaleString("en")} iterations here.`, {
            name: "NotSupportedError",
          })
        const [ownKey, ownSalt] = [own(key), own(salt)]
        const { signal } = invocation()
        const result = last.then(() => {
          // It may have waited longer than anybody is interested in it.
          if (signal.aborted) throw new GuestError("The request is over.", { name: "AbortError" })
          return derived(ownKey, ownSalt, iterations, bytes, algorithm)
        })
        last = result.catch(() => {})
        return { text: "null", bytes: await result }
      },
    },
  }
}

const gcm = (
  name: string,
  encrypt: number,
  key: Uint8Array,
  iv: Uint8Array,
  additional: Uint8Array,
  tagBytes: number,
  data: Uint8Array,
): Uint8Array | undefined => {
  const options = { authTagLength: tagBytes }
  if (encrypt) {
    const cipher = createCipheriv(name as "aes-256-gcm", key, iv, options)
    cipher.setAAD(additional)
    return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()])
  }
  const textBytes = data.byteLength - tagBytes
  if (textBytes < 0) return undefined
  const decipher = createDecipheriv(name as "aes-256-gcm", key, iv, options)
  decipher.setAAD(additional)
  decipher.setAuthTag(data.subarray(textBytes))
  return Buffer.concat([decipher.update(data.subarray(0, textBytes)), decipher.final()])
}

const plain = (name: string, encrypt: number, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array => {
  const cipher = encrypt ? createCipheriv(name, key, iv) : createDecipheriv(name, key, iv)
  return Buffer.concat([cipher.update(data), cipher.final()])
}
