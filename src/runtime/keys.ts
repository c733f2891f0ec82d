import { keyProblem, kvStream, maxInlineBytes, maxKeyBytes } from "../events/kv.ts"
import { type KvRow, kvQueries } from "../projections/kvStore.ts"
import { compareText } from "../projections/prefixRange.ts"
import { GuestError } from "./host.ts"
import { jsonValue } from "./jsonValue.ts"
import type { Mutation } from "./layers.ts"
import { chargeStorage, type StorageLimits } from "./quota.ts"
import type { Unit } from "./unit.ts"

/** A key as a unit of work sees it. `text`: the canonical JSON of its value. */
export interface Entry {
  readonly key: string
  readonly text: string
  readonly expires: number | undefined
}

/** What a unit has made of a key; `size` `undefined`: it was deleted. */
interface KvMutation extends Mutation {
  readonly text: string | undefined
  readonly blob: string | undefined
  readonly expires: number | undefined
}

const checkKey = (key: string | undefined): string => {
  const problem = typeof key !== "string" ? "it is not a string" : isPlain(key) ? undefined : keyProblem(key)
  if (problem !== undefined) throw new GuestError(`This cannot be a key: ${problem}.`, { name: "TypeError", code: "KV_KEY_INVALID" })
  return key!
}

/** Whether it is one of the short keys of ASCII without control characters that most keys are, and so has no problem. */
const isPlain = (key: string): boolean => {
  if (key.length === 0 || key.length > maxKeyBytes) return false
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

const parsed = (text: string | undefined) => {
  const value = jsonValue(text ?? "")
  if ("problem" in value) throw new GuestError(`This cannot be a value: ${value.problem}.`, { name: "TypeError", code: "KV_VALUE_INVALID" })
  return value
}

/** What there is under a key, as it is now. */
export const getKey = (unit: Unit, key: string | undefined): Entry | undefined => {
  const found = find(unit, kvStream(unit.site, checkKey(key)), key!)
  return found === undefined ? undefined : entryOf(unit, key!, found)
}

/** What a unit or the snapshot has under a key, also if it has expired; noted as read. */
const find = (unit: Unit, stream: string, key: string): KvMutation | undefined => {
  const written = unit.read<KvMutation>(stream)
  if (written !== undefined) return written
  const row = unit.query(kvQueries).key(unit.site, key, beforeAllTime)
  return row === undefined ? undefined : mutationOf(row)
}

/** When nothing had expired. */
const beforeAllTime = 0

const mutationOf = (row: KvRow): KvMutation => ({
  size: row.size,
  text: row.value ?? undefined,
  blob: row.blob ?? undefined,
  expires: row.expires_at ?? undefined,
})

const isGone = (unit: Unit, { size, expires }: KvMutation): boolean => size === undefined || (expires !== undefined && expires <= unit.now)

const entryOf = (unit: Unit, key: string, mutation: KvMutation): Entry | undefined =>
  isGone(unit, mutation) ? undefined : { key, text: mutation.text ?? blobText(unit, mutation.blob!), expires: mutation.expires }

const blobText = (unit: Unit, hash: string): string => {
  const bytes = unit.bytes(hash)
  if (bytes === undefined) throw new Error(`The blob ${hash} of a value is not in the cartridge.`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

/** Gives a key a value, with an expiry (epoch milliseconds) or none. */
export const setKey = (
  unit: Unit,
  limits: StorageLimits,
  key: string | undefined,
  json: string | undefined,
  expires: number | undefined,
): void => {
  const stream = kvStream(unit.site, checkKey(key))
  const { value, text } = parsed(json)
  put(unit, limits, { stream, key: key!, before: storedSize(unit, stream, key!) }, value, text, expires)
}

/** A key that is to be written, and the bytes that it takes up so far, expired or not. */
interface Place {
  readonly stream: string
  readonly key: string
  readonly before: number | undefined
}

const put = (
  unit: Unit,
  limits: StorageLimits,
  { stream, key, before }: Place,
  value: unknown,
  text: string,
  expires: number | undefined,
): void => {
  const { site } = unit
  const size = Buffer.byteLength(text)
  chargeStorage(unit, limits, before === undefined ? 1 : 0, size - (before ?? 0))
  const blob = size > maxInlineBytes ? unit.putBytes(Buffer.from(text)) : undefined
  const data = { site, key, ...(blob === undefined ? { value } : { blob }), size, ...(expires === undefined ? {} : { expires }) }
  const mutation: KvMutation = { size, text: blob === undefined ? text : undefined, blob, expires }
  unit.write(stream, { type: "v1.KvSet", data }, mutation)
}

/** What the key takes up, which says nothing about whether it has expired. */
const storedSize = (unit: Unit, stream: string, key: string): number | undefined => {
  const written = unit.peek<KvMutation>(stream)
  return written === undefined ? unit.query(kvQueries).storedSize(unit.site, key) : written.size
}

/** Whether there was anything to delete. */
export const deleteKey = (unit: Unit, key: string | undefined): boolean => {
  const stream = kvStream(unit.site, checkKey(key))
  const found = find(unit, stream, key!)
  if (found === undefined || isGone(unit, found)) return false
  unit.charge(-1, -found.size!)
  const gone: KvMutation = { size: undefined, text: undefined, blob: undefined, expires: undefined }
  unit.write(stream, { type: "v1.KvDeleted", data: { site: unit.site, key: key! } }, gone)
  return true
}

/** Adds to the number under a key, which counts as 0 when there is none, and keeps its expiry. */
export const incrementKey = (unit: Unit, limits: StorageLimits, key: string | undefined, by: number): number => {
  const stream = kvStream(unit.site, checkKey(key))
  const found = find(unit, stream, key!)
  const entry = found === undefined ? undefined : entryOf(unit, key!, found)
  const before: unknown = entry === undefined ? 0 : JSON.parse(entry.text)
  if (typeof before !== "number") {
    throw new GuestError(`The value of ${JSON.stringify(key)} is not a number, so nothing can be added to it.`, {
      name: "TypeError",
      code: "KV_NOT_A_NUMBER",
    })
  }
  const after = before + by
  if (!Number.isFinite(after)) {
    throw new GuestError(`${before} and ${by} add up to no finite number.`, { name: "RangeError", code: "KV_VALUE_INVALID" })
  }
  put(unit, limits, { stream, key: key!, before: found?.size }, after, JSON.stringify(after), entry?.expires)
  return after
}

/** Sets a key, or deletes it when `next` is `undefined`, if its value is `expected` (`undefined`: if there is none). Whether it did. */
export const compareAndSetKey = (
  unit: Unit,
  limits: StorageLimits,
  key: string | undefined,
  expected: string | undefined,
  next: string | undefined,
  expires: number | undefined,
): boolean => {
  const entry = getKey(unit, key)
  if (entry?.text !== (expected === undefined ? undefined : parsed(expected).text)) return false
  if (next === undefined) deleteKey(unit, key)
  else setKey(unit, limits, key, next, expires)
  return true
}

/** Up to `limit` keys that begin with `prefix` and come after `after`, in the order of their UTF-8 bytes, and whether there are more. */
export const listKeys = (
  unit: Unit,
  { prefix, after, limit }: { readonly prefix: string; readonly after: string | undefined; readonly limit: number },
): { readonly entries: ReadonlyArray<Omit<Entry, "text"> & { readonly text: () => string }>; readonly more: boolean } => {
  const written = unit.readRange<KvMutation>(kvStream(unit.site, prefix))
  const start = kvStream(unit.site, "").length
  // Each written key can hide one row.
  const rows = unit.query(kvQueries).keys(unit.site, { prefix, after, now: unit.now, limit: limit + 1 + written.size })
  const found = new Map(rows.map((row) => [row.key, mutationOf(row)]))
  for (const [stream, mutation] of written) {
    const key = stream.slice(start)
    if (isGone(unit, mutation)) found.delete(key)
    else if (after === undefined || compareText(key, after) > 0) found.set(key, mutation)
  }
  const all = written.size === 0 ? [...found] : [...found].sort(([a], [b]) => compareText(a, b))
  const entries = all.slice(0, limit).map(([key, mutation]) => ({
    key,
    text: () => mutation.text ?? blobText(unit, mutation.blob!),
    expires: mutation.expires,
  }))
  return { entries, more: all.length > limit }
}
