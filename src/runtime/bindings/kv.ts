import { latestExpiry } from "../../events/kv.ts"
import { type Binding, GuestError } from "../host.ts"
import { compareAndSetKey, deleteKey, getKey, incrementKey, listKeys, setKey } from "../keys.ts"

/** The most keys in one answer of `kv.list`. */
const maxListed = 10_000

/** The most bytes of values in one answer, so that a list cannot fill the guest's memory by itself. */
const maxListedBytes = 8 * 1024 * 1024

/** Texts are JSON, except keys. A time of 0 means none. */
export const kvBinding: Binding = (invocation) => {
  const unit = () => invocation().unit()

  const expiry = (ttl: number, expires: number): number | undefined => {
    const moment = expires > 0 ? expires : ttl > 0 ? unit().now + ttl : undefined
    return moment === undefined ? undefined : Math.min(Math.ceil(moment), latestExpiry)
  }

  /** JSON of `{ items, cursor }`. Without values each item is just its key. `limit` 0: all of them, or an error. */
  const list = (prefix = "", after = "", limit = 0, values = 1): string => {
    const { entries, more } = listKeys(unit(), {
      prefix,
      after: after === "" ? undefined : after,
      limit: limit > 0 ? Math.min(Math.floor(limit), maxListed) : maxListed,
    })
    if (more && limit === 0) {
      throw new GuestError(`There are over ${maxListed} keys. Take them page by page: kv.list({ prefix, limit, cursor }).`, {
        code: "KV_LIST_TOO_LONG",
      })
    }
    const items: Array<string> = []
    let bytes = 0
    for (const { key, text, expires } of entries) {
      if (values === 0) {
        items.push(JSON.stringify(key))
        continue
      }
      const value = text()
      bytes += value.length
      if (bytes > maxListedBytes && items.length > 0) {
        if (limit > 0) break
        throw new GuestError("The values are too large to be listed at once. Take them page by page: kv.list({ prefix, limit, cursor }).", {
          code: "KV_LIST_TOO_LONG",
        })
      }
      const expiresAt = expires === undefined ? "" : `,"expiresAt":${expires}`
      items.push(`{"key":${JSON.stringify(key)},"value":${value}${expiresAt}}`)
    }
    const cursor = more || items.length < entries.length ? `,"cursor":${JSON.stringify(entries[items.length - 1]!.key)}` : ""
    return `{"items":[${items.join(",")}]${cursor}}`
  }

  return {
    "kv.get": { kind: "sync", takes: "s", run: (key?: string) => getKey(unit(), key)?.text },
    "kv.has": { kind: "sync", takes: "s", run: (key?: string) => getKey(unit(), key) !== undefined },
    "kv.set": {
      kind: "sync",
      takes: "ssnn",
      run: (key: string | undefined, json: string | undefined, ttl: number, expires: number) => {
        setKey(unit(), invocation().limits, key, json, expiry(ttl, expires))
        return undefined
      },
    },
    "kv.delete": { kind: "sync", takes: "s", run: (key?: string) => deleteKey(unit(), key) },
    "kv.incr": {
      kind: "sync",
      takes: "sn",
      run: (key: string | undefined, by: number) => incrementKey(unit(), invocation().limits, key, by),
    },
    // No JSON is empty, so an empty text stands for `undefined`.
    "kv.cas": {
      kind: "sync",
      takes: "sssnn",
      run: (key: string | undefined, expected: string, next: string, ttl: number, expires: number) =>
        compareAndSetKey(unit(), invocation().limits, key, expected || undefined, next || undefined, expiry(ttl, expires)),
    },
    "kv.list": { kind: "sync", takes: "ssnn", run: list },
  }
}
