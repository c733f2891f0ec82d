import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { blobReader } from "../../events/blobs.ts"
import { sha256Hex } from "../../events/chain.ts"
import { keyProblem, kvStream, maxInlineBytes } from "../../events/kv.ts"
import { type KvChange, kvHistoryQueries } from "../../projections/kvHistory.ts"
import { type KvRow, kvQueries } from "../../projections/kvStore.ts"
import { Queries } from "../../projections/Queries.ts"
import { jsonValue } from "../../runtime/jsonValue.ts"
import { Reads } from "../Reads.ts"
import { Settings } from "../Settings.ts"
import { Api } from "./Api.ts"
import type { KvKey, KvVersion } from "./contract/kv.ts"
import { invalid, refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { findSite } from "./findSite.ts"
import { itemChanges } from "./items.ts"
import { siteQuota } from "./siteQuota.ts"
import { time } from "./views.ts"

/** The keys of sites, as the owner sees them; code in a sandbox uses units of work instead. */
export const kvLayer = HttpApiBuilder.group(Api, "kv", (handlers) =>
  Effect.gen(function* () {
    const queries = yield* Queries
    const { db } = yield* Reads
    const find = findSite(db)
    const read = kvQueries(db)
    const history = kvHistoryQueries(db)
    const blobs = blobReader(db)
    const changes = itemChanges(yield* CartridgeWriter, db)
    const quota = siteQuota(db, yield* Settings)

    const blobValue = (hash: string): unknown => JSON.parse(blobs.bytes(hash)!.toString())

    const current = (site: string, key: string) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const row = read.key(site, key, now)
        return row === undefined ? Effect.fail(keyNotFound(site, key)) : Effect.succeed(row)
      })

    const valueAt = (site: string, key: string, version: number) =>
      Effect.suspend(() => {
        const [change] = history.changes(site, key, version + 1, 1).changes
        if (change?.version !== version || change.kind !== "set") return Effect.fail(versionNotFound(site, key, version))
        const { at, size, expires_at, blob, value } = change
        return Effect.succeed({
          ...keyView({ key, size: size!, version, updated_at: at, expires_at }),
          value: blob === null ? value : blobValue(blob),
        })
      })

    return handlers
      .handle("list", ({ path: { site }, urlParams: { prefix, cursor, limit } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const now = yield* Clock.currentTimeMillis
          const rows = read.keys(site, { prefix, after: cursor, now, limit: limit + 1 })
          const page = rows.slice(0, limit)
          return { data: page.map(keyView), meta: { limit, next: rows.length > limit ? page.at(-1)!.key : null } }
        }).pipe(refuse),
      )
      .handle("get", ({ path: { site }, urlParams: { key, version } }) =>
        Effect.gen(function* () {
          yield* find(site)
          if (version !== undefined) return { data: yield* valueAt(site, key, version) }
          const row = yield* current(site, key)
          return { data: { ...keyView(row), value: row.blob === null ? JSON.parse(row.value!) : blobValue(row.blob) } }
        }).pipe(refuse),
      )
      .handle("set", ({ path: { site }, urlParams: { key, if_version }, payload }) =>
        Effect.gen(function* () {
          yield* find(site)
          const problem = keyProblem(key)
          if (problem !== undefined) return yield* Effect.fail(invalid("key", `This cannot be a key: ${problem}.`, problem))
          const { value, text } = yield* givenValue(payload)
          const size = Buffer.byteLength(text)
          const blob = size > maxInlineBytes ? Buffer.from(text) : undefined
          const now = yield* Clock.currentTimeMillis
          const stream = kvStream(site, key)
          const expected = yield* changes.expected(stream, read.key(site, key, now)?.version, if_version)
          const before = read.storedSize(site, key)
          yield* quota(site, before === undefined ? 1 : 0, size - (before ?? 0))
          const expires = payload.ttl_ms === undefined ? {} : { expires: now + payload.ttl_ms }
          const data = { site, key, ...(blob === undefined ? { value } : { blob: sha256Hex(blob) }), size, ...expires }
          yield* changes.append(stream, expected, { type: "v1.KvSet", data }, blob)
          // Whether it has expired by now, or has been deleted again, is another matter.
          const row = read.key(site, key, 0)
          return { data: row === undefined ? yield* Effect.fail(keyNotFound(site, key)) : keyView(row) }
        }).pipe(refuse),
      )
      .handle("delete", ({ path: { site }, urlParams: { key, if_version } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const { version } = yield* current(site, key)
          const stream = kvStream(site, key)
          yield* changes.expected(stream, version, if_version)
          yield* changes.append(stream, version, { type: "v1.KvDeleted", data: { site, key } })
          return { data: { message: `${key} of ${site} is deleted. Its history stays.` } }
        }).pipe(refuse),
      )
      .handle("history", ({ path: { site }, urlParams: { key, before, limit } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const { changes, more } = yield* queries.kvHistory(site, key, before ?? Number.MAX_SAFE_INTEGER, limit)
          return { data: changes.map(versionView), meta: { limit, next: more ? String(changes.at(-1)!.version) : null } }
        }).pipe(refuse),
      )
  }),
)

const keyView = ({
  key,
  size,
  version,
  updated_at,
  expires_at,
}: Pick<KvRow, "key" | "size" | "version" | "updated_at" | "expires_at">): KvKey => ({
  key,
  size_bytes: size,
  version,
  updated_at: time(updated_at),
  expires_at: expires_at === null ? null : time(expires_at),
})

const versionView = ({ at, size, blob, expires_at, ...change }: KvChange): KvVersion => ({
  ...change,
  at: time(at),
  size_bytes: size,
  large: blob !== null,
  expires_at: expires_at === null ? null : time(expires_at),
})

const givenValue = (payload: { readonly value?: unknown }) => {
  if (!("value" in payload)) return Effect.fail(refusal("MISSING_FIELD", "Give the `value`: any JSON."))
  const checked = jsonValue(JSON.stringify(payload.value))
  return "problem" in checked
    ? Effect.fail(invalid("value", `This cannot be a value: ${checked.problem}.`, checked.problem))
    : Effect.succeed(checked)
}

const keyNotFound = (site: string, key: string) => refusal("KEY_NOT_FOUND", `${site} has no key ${JSON.stringify(key.slice(0, 600))}.`)

const versionNotFound = (site: string, key: string, version: number) =>
  refusal(
    "KEY_NOT_FOUND",
    `The key ${JSON.stringify(key.slice(0, 600))} of ${site} had no value at version ${version}. Its history says which ones it had.`,
  )
