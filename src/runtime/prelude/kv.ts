import { hostFunction } from "./host.ts"
import { failure, keyText } from "./storageArguments.ts"

const get = hostFunction<[key: string], string | undefined>("kv.get")
const has = hostFunction<[key: string], number>("kv.has")
const set = hostFunction<[key: string, json: string, ttl: number, expires: number], undefined>("kv.set")
const remove = hostFunction<[key: string], number>("kv.delete")
const incr = hostFunction<[key: string, by: number], number>("kv.incr")
const cas = hostFunction<[key: string, expected: string, next: string, ttl: number, expires: number], number>("kv.cas")
const list = hostFunction<[prefix: string, cursor: string, limit: number, values: number], string>("kv.list")

const { parse, stringify } = JSON

export interface KvItem {
  readonly key: string
  readonly value: unknown
  /** Epoch milliseconds. */
  readonly expiresAt?: number
}

/** How long a value is kept: milliseconds, or `ttl` (milliseconds), or `expires` (a moment). Without it, for ever. */
export type KvExpiry = number | null | undefined | { readonly ttl?: number | undefined; readonly expires?: number | Date | undefined }

export interface KvListOptions {
  readonly prefix?: string
  readonly limit?: number
  readonly cursor?: string
  readonly values?: boolean
}

const keyOf = (key: unknown): string => keyText(key, "KV_KEY_INVALID", "A key")

const jsonOf = (value: unknown): string => {
  let json: string | undefined
  try {
    json = stringify(value)
  } catch (error) {
    throw failure("KV_VALUE_INVALID", `This cannot be a value: ${error instanceof Error ? error.message : "it is not JSON"}.`)
  }
  if (json === undefined)
    throw failure("KV_VALUE_INVALID", "This cannot be a value: it is undefined or a function. Use kv.delete to remove a key.")
  return json
}

const expiryOf = (given: KvExpiry): readonly [ttl: number, expires: number] => {
  if (given === undefined || given === null) return [0, 0]
  const { ttl, expires } = typeof given === "object" ? given : { ttl: given, expires: undefined }
  const moment = expires === undefined ? 0 : Number(expires)
  const time = ttl ?? 0
  if (!(time >= 0 && time < 1e15)) throw failure("KV_EXPIRY_INVALID", "A time to live is a number of milliseconds from 0 (none) on.")
  if (!(moment >= 0 && moment < 1e16)) throw failure("KV_EXPIRY_INVALID", "expires is a Date, or a number of milliseconds since 1970.")
  return [time, moment]
}

/** The key-value store of the site. `missing`: what `get` gives when there is no such key. */
export const makeKv = ({ missing }: { readonly missing: null | undefined } = { missing: undefined }) => {
  function listOf(prefix?: string): Array<KvItem>
  function listOf(options: KvListOptions & { readonly values: false }): { readonly keys: Array<string>; readonly cursor?: string }
  function listOf(options: KvListOptions): { readonly items: Array<KvItem>; readonly cursor?: string }
  function listOf(given: string | KvListOptions = ""): unknown {
    if (given === null || typeof given !== "object") return parse(list(given === "" ? "" : keyOf(given), "", 0, 1)).items
    const { prefix = "", limit = 1000, cursor = "", values = true } = given
    if (!(limit >= 1)) throw failure("KV_LIMIT_INVALID", "limit is a number from 1 on.")
    const { items, ...rest } = parse(list(prefix === "" ? "" : keyOf(prefix), cursor === "" ? "" : keyOf(cursor), limit, values ? 1 : 0))
    return values ? { items, ...rest } : { keys: items, ...rest }
  }

  return {
    get: (key: unknown): unknown => {
      const json = get(keyOf(key))
      return json === undefined ? missing : parse(json)
    },
    has: (key: unknown): boolean => has(keyOf(key)) === 1,
    set: (key: unknown, value: unknown, expiry?: KvExpiry): void => {
      set(keyOf(key), jsonOf(value), ...expiryOf(expiry))
    },
    delete: (key: unknown): boolean => remove(keyOf(key)) === 1,
    incr: (key: unknown, by: unknown = 1): number => {
      if (typeof by !== "number" || !Number.isFinite(by)) throw failure("KV_VALUE_INVALID", "What is added has to be a finite number.")
      return incr(keyOf(key), by)
    },
    /** Sets the key to `next` if its value is `expected`. `undefined` means that there is no such key, or shall be none. */
    cas: (key: unknown, expected: unknown, next: unknown, expiry?: KvExpiry): boolean =>
      cas(keyOf(key), expected === undefined ? "" : jsonOf(expected), next === undefined ? "" : jsonOf(next), ...expiryOf(expiry)) === 1,
    list: listOf,
  }
}

export type Kv = ReturnType<typeof makeKv>
