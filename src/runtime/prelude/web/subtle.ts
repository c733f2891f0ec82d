import { hostFunction, hostTask } from "../host.ts"
import { atob, btoa } from "./base64.ts"
import { type BufferSource, type Bytes, bufferOf, bytesOf, copyOf, isBufferSource } from "./bytes.ts"
import { CryptoKey, type KeyAlgorithm, keyBytes, newKey } from "./cryptoKey.ts"
import { DOMException } from "./domException.ts"

const digestOnHost = hostFunction<[hash: string, data: ArrayBuffer], ArrayBuffer>("crypto.digest")
const hmacOnHost = hostFunction<[hash: string, key: ArrayBuffer, data: ArrayBuffer], ArrayBuffer>("crypto.hmac")
const equalOnHost = hostFunction<[a: ArrayBuffer, b: ArrayBuffer], number>("crypto.equal")
const aesOnHost = hostFunction<
  [mode: string, encrypt: number, key: ArrayBuffer, iv: ArrayBuffer, additional: ArrayBuffer, tagBytes: number, data: ArrayBuffer],
  ArrayBuffer | undefined
>("crypto.aes")
const hkdfOnHost = hostFunction<[hash: string, key: ArrayBuffer, salt: ArrayBuffer, info: ArrayBuffer, bytes: number], ArrayBuffer>(
  "crypto.hkdf",
)
const pbkdf2OnHost = hostTask<[hash: string, key: ArrayBuffer, salt: ArrayBuffer, iterations: number, bytes: number]>("crypto.pbkdf2")
const randomOnHost = hostFunction<[count: number], ArrayBuffer>("random.bytes")

/** What callers name an algorithm with: its name, or an object with the name and parameters. */
type Algorithm = string | Parameters
interface Parameters {
  readonly name: string
  readonly hash?: Algorithm
  readonly length?: number
  readonly iv?: BufferSource
  readonly counter?: BufferSource
  readonly additionalData?: BufferSource
  readonly tagLength?: number
  readonly salt?: BufferSource
  readonly info?: BufferSource
  readonly iterations?: number
}

interface Jwk {
  readonly kty?: string
  readonly k?: string
}

const usagesOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  HMAC: ["sign", "verify"],
  "AES-GCM": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
  "AES-CBC": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
  "AES-CTR": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
  PBKDF2: ["deriveBits", "deriveKey"],
  HKDF: ["deriveBits", "deriveKey"],
}

/** Bytes that one block of a hash takes: how long a new HMAC key is. */
const blockBytes: Readonly<Record<string, number>> = { "SHA-1": 64, "SHA-256": 64, "SHA-384": 128, "SHA-512": 128 }

const nothing = new ArrayBuffer(0)

const notSupported = (what: string): DOMException =>
  new DOMException(
    `${what} is not supported here. There are SHA-1, SHA-256, SHA-384, SHA-512, HMAC, AES-GCM, AES-CBC, AES-CTR, PBKDF2 and HKDF.`,
    "NotSupportedError",
  )

const parametersOf = (algorithm: Algorithm): Parameters => {
  const given = typeof algorithm === "string" ? { name: algorithm } : algorithm
  const name = String(given?.name)
  const known = [...Object.keys(usagesOf), ...Object.keys(blockBytes)].find((other) => other.toLowerCase() === name.toLowerCase())
  if (known === undefined) throw notSupported(name)
  return given.name === known ? given : { ...given, name: known }
}

const hashOf = (algorithm: Algorithm | undefined): string => {
  if (algorithm === undefined) throw new TypeError("The algorithm needs a hash.")
  const { name } = parametersOf(algorithm)
  if (!(name in blockBytes)) throw notSupported(`The hash ${name}`)
  return name
}

const data = (value: unknown, what = "data"): ArrayBuffer => {
  if (!isBufferSource(value)) throw new TypeError(`${what} has to be an ArrayBuffer or a view of one.`)
  return bufferOf(value)
}

/** The bytes of a key that is of this algorithm and may be used so. */
const keyFor = (key: unknown, name: string, usage: string): ArrayBuffer => {
  if (!(key instanceof CryptoKey)) throw new TypeError("The key has to be a CryptoKey.")
  if (key.algorithm.name !== name) throw new DOMException(`The key is for ${key.algorithm.name}, not for ${name}.`, "InvalidAccessError")
  if (!key.usages.includes(usage)) throw new DOMException(`The key may not be used to ${usage}.`, "InvalidAccessError")
  return bufferOf(keyBytes(key))
}

const keyAlgorithm = (given: Parameters, bytes: number): KeyAlgorithm => {
  const { name } = given
  if (name === "HMAC") return { name, hash: { name: hashOf(given.hash) }, length: bytes * 8 }
  if (!name.startsWith("AES")) return { name }
  if (![16, 24, 32].includes(bytes)) throw new DOMException("An AES key has 128, 192 or 256 bits.", "DataError")
  return { name, length: bytes * 8 }
}

const makeKey = (bytes: Bytes, given: Parameters, extractable: unknown, usages: Iterable<string>): CryptoKey => {
  const algorithm = keyAlgorithm(given, bytes.length)
  const allowed = usagesOf[algorithm.name]
  if (allowed === undefined) throw notSupported(`A key for ${algorithm.name}`)
  const wanted = [...usages]
  for (const usage of wanted)
    if (!allowed.includes(usage)) throw new DOMException(`A key for ${algorithm.name} cannot ${usage}.`, "SyntaxError")
  if (wanted.length === 0) throw new DOMException("A key needs at least one usage.", "SyntaxError")
  if (bytes.length === 0 && algorithm.name === "HMAC") throw new DOMException("An HMAC key cannot be empty.", "DataError")
  return newKey(
    bytes,
    algorithm,
    extractable,
    allowed.filter((usage) => wanted.includes(usage)),
  )
}

const aes = async (encrypt: boolean, algorithm: Algorithm, key: unknown, input: unknown): Promise<ArrayBuffer> => {
  const given = parametersOf(algorithm)
  const secret = keyFor(key, given.name, encrypt ? "encrypt" : "decrypt")
  const iv = data(given.name === "AES-CTR" ? given.counter : given.iv, given.name === "AES-CTR" ? "counter" : "iv")
  const additional = given.additionalData === undefined ? nothing : data(given.additionalData, "additionalData")
  const tagBits = given.tagLength ?? 128
  if (given.name === "AES-GCM" && ![32, 64, 96, 104, 112, 120, 128].includes(tagBits))
    throw new DOMException(`A tag of ${tagBits} bits is not possible.`, "OperationError")
  if (given.name !== "AES-GCM" ? iv.byteLength !== 16 : iv.byteLength === 0)
    throw new DOMException("The iv does not have the right length.", "OperationError")
  const result = aesOnHost(given.name, encrypt ? 1 : 0, secret, iv, additional, tagBits / 8, data(input))
  if (result === undefined) throw new DOMException("The operation failed: the key, the iv or the data is not right.", "OperationError")
  return result
}

const bitsFrom = async (algorithm: Algorithm, key: unknown, length: unknown, usage: string): Promise<ArrayBuffer> => {
  const given = parametersOf(algorithm)
  const secret = keyFor(key, given.name, usage)
  const bits = Number(length)
  if (!(bits > 0) || bits % 8 !== 0 || bits > 65_536)
    throw new DOMException("The length is a number of bits, in whole bytes, up to 65,536.", "OperationError")
  const hash = hashOf(given.hash)
  const salt = data(given.salt, "salt")
  if (given.name === "HKDF") return hkdfOnHost(hash, secret, salt, data(given.info, "info"), bits / 8)
  const iterations = Number(given.iterations)
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new DOMException("iterations has to be a whole number from 1 up.", "OperationError")
  return (await pbkdf2OnHost(hash, secret, salt, iterations, bits / 8)).bytes!
}

const fromBase64Url = (text: string): Bytes =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0))

const toBase64Url = (bytes: Bytes): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")

const jwkName = ({ name, hash, length }: KeyAlgorithm): string =>
  name === "HMAC" ? hash!.name.replace("SHA-", "HS") : `A${length}${name.slice(4)}`

export const subtle = {
  digest: async (algorithm: Algorithm, input: unknown): Promise<ArrayBuffer> => digestOnHost(hashOf(algorithm), data(input)),

  importKey: async (
    format: unknown,
    source: unknown,
    algorithm: Algorithm,
    extractable: unknown,
    usages: Iterable<string>,
  ): Promise<CryptoKey> => {
    const given = parametersOf(algorithm)
    if (format === "raw") return makeKey(bytesOf(copyOf(bytesOf(data(source, "keyData")))), given, extractable, usages)
    if (format !== "jwk") throw notSupported(`The key format ${format}`)
    const { kty, k } = source as Jwk
    if (kty !== "oct" || typeof k !== "string") throw new DOMException('The key has to have kty "oct" and k.', "DataError")
    return makeKey(fromBase64Url(k), given, extractable, usages)
  },

  exportKey: async (format: unknown, key: unknown): Promise<ArrayBuffer | Record<string, unknown>> => {
    if (!(key instanceof CryptoKey)) throw new TypeError("The key has to be a CryptoKey.")
    if (!key.extractable || key.algorithm.name === "PBKDF2" || key.algorithm.name === "HKDF")
      throw new DOMException("The key cannot be exported.", "InvalidAccessError")
    if (format === "raw") return copyOf(keyBytes(key))
    if (format !== "jwk") throw notSupported(`The key format ${format}`)
    return { key_ops: key.usages, ext: true, kty: "oct", k: toBase64Url(keyBytes(key)), alg: jwkName(key.algorithm) }
  },

  generateKey: async (algorithm: Algorithm, extractable: unknown, usages: Iterable<string>): Promise<CryptoKey> => {
    const given = parametersOf(algorithm)
    const bytes =
      given.name === "HMAC"
        ? given.length === undefined
          ? blockBytes[hashOf(given.hash)]!
          : Math.ceil(given.length / 8)
        : Number(given.length) / 8
    if (!(bytes > 0 && bytes <= 8192) || !Number.isInteger(bytes))
      throw new DOMException("The length of the key is not possible.", "OperationError")
    return makeKey(new Uint8Array(randomOnHost(bytes)), given, extractable, usages)
  },

  sign: async (algorithm: Algorithm, key: unknown, input: unknown): Promise<ArrayBuffer> => {
    const secret = keyFor(key, parametersOf(algorithm).name, "sign")
    return hmacOnHost((key as CryptoKey).algorithm.hash!.name, secret, data(input))
  },

  verify: async (algorithm: Algorithm, key: unknown, signature: unknown, input: unknown): Promise<boolean> => {
    const secret = keyFor(key, parametersOf(algorithm).name, "verify")
    const right = hmacOnHost((key as CryptoKey).algorithm.hash!.name, secret, data(input))
    return Boolean(equalOnHost(right, data(signature, "signature")))
  },

  timingSafeEqual: (a: unknown, b: unknown): boolean => Boolean(equalOnHost(data(a), data(b))),

  encrypt: (algorithm: Algorithm, key: unknown, input: unknown): Promise<ArrayBuffer> => aes(true, algorithm, key, input),
  decrypt: (algorithm: Algorithm, key: unknown, input: unknown): Promise<ArrayBuffer> => aes(false, algorithm, key, input),

  deriveBits: (algorithm: Algorithm, key: unknown, length: unknown): Promise<ArrayBuffer> => bitsFrom(algorithm, key, length, "deriveBits"),

  deriveKey: async (
    algorithm: Algorithm,
    key: unknown,
    target: Algorithm,
    extractable: unknown,
    usages: Iterable<string>,
  ): Promise<CryptoKey> => {
    const given = parametersOf(target)
    const bits = given.name === "HMAC" ? (given.length ?? blockBytes[hashOf(given.hash)]! * 8) : given.length
    return makeKey(new Uint8Array(await bitsFrom(algorithm, key, bits, "deriveKey")), given, extractable, usages)
  },
}
