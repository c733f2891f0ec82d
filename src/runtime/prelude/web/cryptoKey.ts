import type { Bytes } from "./bytes.ts"

export interface KeyAlgorithm {
  readonly name: string
  readonly hash?: { readonly name: string }
  readonly length?: number
}

/** The bytes of a key, whether or not it can be exported. */
export let keyBytes: (key: CryptoKey) => Bytes

const trusted = Symbol()

export class CryptoKey {
  readonly #bytes: Bytes
  readonly #algorithm: KeyAlgorithm
  readonly #extractable: boolean
  readonly #usages: ReadonlyArray<string>

  static {
    keyBytes = (key) => key.#bytes
  }

  constructor(token: unknown, bytes: Bytes, algorithm: KeyAlgorithm, extractable: boolean, usages: ReadonlyArray<string>) {
    if (token !== trusted) throw new TypeError("Illegal constructor: use crypto.subtle.importKey.")
    this.#bytes = bytes
    this.#algorithm = algorithm
    this.#extractable = extractable
    this.#usages = usages
  }

  get type(): string {
    return "secret"
  }
  get algorithm(): KeyAlgorithm {
    return this.#algorithm
  }
  get extractable(): boolean {
    return this.#extractable
  }
  get usages(): ReadonlyArray<string> {
    return this.#usages
  }
}

export const newKey = (bytes: Bytes, algorithm: KeyAlgorithm, extractable: unknown, usages: Iterable<string>): CryptoKey =>
  new CryptoKey(trusted, bytes, algorithm, Boolean(extractable), [...usages])
