import type { Sqlite } from "../events/cartridge.ts"
import { upcast } from "../events/codec.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"
import type { Projection } from "./projection.ts"

/** So many events share one entry. Fewer make the table larger, more make queries look at more events for each that matches. */
const eventsPerBlock = 64

const blockOf = (seq: number): number => Math.floor(seq / eventsPerBlock)

/**
 * Where in the log to look for what audit queries ask for: in which blocks of events a site, a type (`name` is without its version) or an
 * actor occurs. What the events are is in the log itself. Most events find their block noted already and write nothing.
 */
export const activityProjection: Projection = {
  name: "activity",
  version: 2,
  envelopeOnly: true,
  tables: ["activity"],
  createTables: (table) => `
    CREATE TABLE ${table("activity")} (
      kind  TEXT NOT NULL,
      name  TEXT NOT NULL,
      block INTEGER NOT NULL,
      PRIMARY KEY (kind, name, block)
    ) STRICT, WITHOUT ROWID`,
  createIndexes: "",
  prepare: (db, table) => {
    const insert = db.prepare(`INSERT INTO ${table("activity")} VALUES (?, ?, ?) ON CONFLICT DO NOTHING`)
    let current = -1
    /** What the current block is known to have. */
    const noted = { site: new Set<string>(), type: new Set<string>(), actor: new Set<string>() }

    const forget = (): void => {
      current = -1
      for (const names of Object.values(noted)) names.clear()
    }

    const note = (kind: keyof typeof noted, name: string): void => {
      if (noted[kind].has(name)) return
      insert.run(kind, name, current)
      noted[kind].add(name)
    }

    return {
      apply: ({ seq, stream, type, actor }) => {
        const block = blockOf(seq)
        if (block !== current) forget()
        current = block
        const site = siteOfStream(stream)
        if (site !== null) note("site", site)
        note("type", nameOfType(type))
        note("actor", actor)
      },
      forget,
    }
  },
}

const siteStreams = ["site", "kv", "doc", "index", "object", "hits", "logs", "env"]

/** Streams that belong to a site carry its name as their second part. */
export const siteOfStream = (stream: string): string | null => {
  const [kind, site] = stream.split("/", 2)
  return site !== undefined && siteStreams.includes(kind!) ? site : null
}

/** The same in SQL. */
const isOfSite = `substr(stream || '/', instr(stream, '/') + 1, length(?) + 1) = ? || '/'
  AND substr(stream, 1, instr(stream, '/') - 1) IN (${siteStreams.map((kind) => `'${kind}'`).join(", ")})`

const versioned = /^v\d+\./

const nameOfType = (type: string): string => type.replace(versioned, "")

export interface ActivityFilter {
  readonly site?: string | undefined
  readonly stream?: string | undefined
  /** A whole event type (`v1.SiteDeployed`) or its name without the version (`SiteDeployed`), or several of them. */
  readonly type?: string | ReadonlyArray<string> | undefined
  readonly actor?: string | undefined
  /** Epoch milliseconds, inclusive and exclusive. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Exclusive bounds on seq, for paging back and for following. */
  readonly before?: number | undefined
  readonly after?: number | undefined
  readonly limit: number
}

export interface ActivityRow {
  readonly seq: number
  readonly id: string
  readonly at: number
  readonly site: string | null
  readonly stream: string
  readonly version: number
  readonly type: string
  readonly actor: string
  readonly cause: string
  readonly data: unknown
  readonly hash: string
}

type Stored = Omit<ActivityRow, "site" | "data" | "hash"> & { readonly data: string | null; readonly hash: Buffer }

/** Matching events: newest first, or oldest first from `after` on when following. */
export const activityQuery = (db: Sqlite, filter: ActivityFilter): ReadonlyArray<ActivityRow> =>
  db
    .transaction(() => take(matching(db, filter), filter.limit, Number.POSITIVE_INFINITY).rows)()
    .map(rowOf)

/** A part of what follows an event. */
export interface ActivityPage {
  /** Oldest first. `json`: the event as the audit shows it. */
  readonly entries: ReadonlyArray<{ readonly seq: number; readonly json: string }>
  /** The page has every event that matches up to this one. */
  readonly seq: number
  /** Nothing else matched when it was read. */
  readonly isLast: boolean
}

/**
 * The matching events behind `after`, oldest first: at most `limit`, and only one more once their payloads have `bytes` characters together. They are
 * written out here, so that whoever passes them on need not do it once more for each of those who read them.
 */
export const activityPage = (
  db: Sqlite,
  filter: Pick<ActivityFilter, "site" | "stream" | "type" | "actor" | "limit"> & { readonly after: number; readonly bytes: number },
): ActivityPage =>
  db.transaction(() => {
    const { rows, isAll } = take(matching(db, filter), filter.limit, filter.bytes)
    const entries = rows.map(rowOf).map((row) => ({ seq: row.seq, json: entryJson(row) }))
    return { entries, seq: isAll ? Math.max(filter.after, headOf(db)) : entries.at(-1)!.seq, isLast: isAll }
  })()

const headOf = (db: Sqlite): number => db.prepare<[], number>("SELECT coalesce(max(seq), 0) FROM events").pluck().get()!

/** Whether an event may be one that the filter means, as far as its stream and its type tell. */
export const mayMatch = (
  { site, stream, type }: Pick<ActivityFilter, "site" | "stream" | "type">,
  event: { readonly stream: string; readonly type: string },
): boolean =>
  (stream === undefined || event.stream === stream) &&
  (type === undefined || typesOf(type).some((asked) => asked === (versioned.test(asked) ? event.type : nameOfType(event.type)))) &&
  (site === undefined || siteOfStream(event.stream) === site)

const typesOf = (type: string | ReadonlyArray<string>): ReadonlyArray<string> => (typeof type === "string" ? [type] : type)

const rowOf = ({ data, hash, ...row }: Stored): ActivityRow => ({
  ...row,
  site: siteOfStream(row.stream),
  data: data === null ? null : upcast(row.type, JSON.parse(data)).data,
  hash: hash.toString("hex"),
})

/** As many rows as there is room for; `isAll`: there was room to spare. */
const take = (found: Iterable<Stored>, limit: number, bytes: number): { readonly rows: ReadonlyArray<Stored>; readonly isAll: boolean } => {
  const rows: Array<Stored> = []
  let size = 0
  for (const row of found) {
    rows.push(row)
    size += row.data?.length ?? 0
    if (rows.length === limit || size >= bytes) return { rows, isAll: false }
  }
  return { rows, isAll: true }
}

function* matching(db: Sqlite, filter: ActivityFilter): Generator<Stored, void> {
  const { site, stream, type, actor, limit } = filter
  // A site is one part of a stream's name.
  if (site?.includes("/") === true) return
  const order = filter.after === undefined ? "DESC" : "ASC"
  const place = stream === undefined ? "seq" : "version"
  const conditions = [`${place} BETWEEN ? AND ?`]
  const values: Array<string> = []
  const where = (condition: string, ...given: ReadonlyArray<string | undefined>): void => {
    if (given[0] === undefined) return
    conditions.push(condition)
    values.push(...(given as ReadonlyArray<string>))
  }
  const types = type === undefined ? undefined : typesOf(type)
  where("stream = ?", stream)
  where(
    "(type IN (SELECT value FROM json_each(?)) OR substr(type, instr(type, '.') + 1) IN (SELECT value FROM json_each(?)))",
    types && JSON.stringify(types.filter((name) => versioned.test(name))),
    types && JSON.stringify(types.filter((name) => !versioned.test(name))),
  )
  where("actor = ?", actor)
  where(isOfSite, site, site)
  const page = db.prepare<Array<string | number>, Stored>(
    `SELECT seq, id, at, stream, version, type, actor, cause, data, hash FROM events WHERE ${conditions.join(" AND ")}
     ORDER BY ${place} ${order} LIMIT ${integerParameter}`,
  )

  const { from, to } = boundsOf(db, filter)
  if (stream !== undefined) {
    const last = to === Number.MAX_SAFE_INTEGER - 1 ? Number.MAX_SAFE_INTEGER : firstVersion(db, stream, to + 1) - 1
    return yield* page.iterate(firstVersion(db, stream, from), last, ...values, limit)
  }
  const entries = [
    { kind: "site", names: site === undefined ? [] : [site] },
    { kind: "actor", names: actor === undefined ? [] : [actor] },
    { kind: "type", names: types?.map(nameOfType) ?? [] },
  ].filter(({ names }) => names.length > 0)
  if (entries.length === 0) return yield* page.iterate(from, to, ...values, limit)

  for (const block of commonBlocks(db, entries, from, to, order)) {
    const first = block * eventsPerBlock
    const last = first + eventsPerBlock - 1
    yield* page.iterate(Math.max(first, from), Math.min(last, to), ...values, limit)
  }
}

/** The first and the last seq that may match. Time never runs backwards along seq, so a bound in time is one in seq. */
const boundsOf = (db: Sqlite, { since, until, before, after }: ActivityFilter): { readonly from: number; readonly to: number } => ({
  from: Math.max((after ?? 0) + 1, since === undefined ? 1 : firstSince(db, since)),
  to: Math.min((before ?? Number.MAX_SAFE_INTEGER) - 1, until === undefined ? Number.MAX_SAFE_INTEGER : firstSince(db, until) - 1),
})

/** The seq of the first event at this time or later, one past the end of the log if there is none. */
const firstSince = (db: Sqlite, time: number): number => {
  const next = db.prepare<[number], { seq: number; at: number }>("SELECT seq, at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1")
  let low = 1
  let high = (db.prepare("SELECT coalesce(max(seq), 0) FROM events").pluck().get() as number) + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const event = next.get(middle)
    if (event !== undefined && event.at < time) low = event.seq + 1
    else high = middle
  }
  return low
}

/**
 * The version of a stream's first event at this seq or later, one past its end if there is none. Versions grow along seq, so that a bound in
 * seq is one in version, and the index of streams has these. Looked for from the end on, where those who follow a stream are.
 */
const firstVersion = (db: Sqlite, stream: string, seq: number): number => {
  const next = db.prepare<[string, number], { seq: number; version: number }>(
    "SELECT seq, version FROM events WHERE stream = ? AND version >= ? ORDER BY version LIMIT 1",
  )
  const isBefore = (version: number): boolean => (next.get(stream, version)?.seq ?? seq) < seq
  const end = (db.prepare("SELECT coalesce(max(version), 0) FROM events WHERE stream = ?").pluck().get(stream) as number) + 1
  let low = end
  let high = end
  for (let step = 1; low > 1; step *= 2) {
    low = Math.max(1, end - step)
    if (isBefore(low)) break
    high = low
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/** The blocks that have one of the names of each of these, in order. Each look-up leaps to where they occur next, so the rarest sets the pace. */
function* commonBlocks(
  db: Sqlite,
  entries: ReadonlyArray<{ readonly kind: string; readonly names: ReadonlyArray<string> }>,
  from: number,
  to: number,
  order: "ASC" | "DESC",
): Generator<number, void> {
  const [beyond, step] = order === "ASC" ? [">=", 1] : ["<=", -1]
  const next = db
    .prepare<[string, string, number], number>(
      `SELECT block FROM activity WHERE kind = ${textParameter} AND name = ${textParameter} AND block ${beyond} ? ORDER BY block ${order} LIMIT 1`,
    )
    .pluck()
  const nearest = order === "ASC" ? Math.min : Math.max
  const nextOf = (kind: string, names: ReadonlyArray<string>, block: number): number | undefined => {
    const blocks = names.flatMap((name) => next.get(kind, name, block) ?? [])
    return blocks.length === 0 ? undefined : nearest(...blocks)
  }
  let block = blockOf(order === "ASC" ? from : to)
  const end = blockOf(order === "ASC" ? to : from)
  for (;;) {
    let agreeing = 0
    for (let i = 0; agreeing < entries.length; i = (i + 1) % entries.length) {
      const { kind, names } = entries[i]!
      const found = nextOf(kind, names, block)
      if (found === undefined || (end - found) * step < 0) return
      agreeing = found === block ? agreeing + 1 : 1
      block = found
    }
    yield block
    block += step
  }
}

/**
 * A page of the audit trail, of which there may be more: `next` is then the seq of its last event. `json` is the list as the API answers it:
 * a thousand events are one string on their way to the edge thread, which passes it on.
 */
export interface ActivityList {
  readonly json: string
  readonly count: number
  readonly next: number | null
}

export const noActivity: ActivityList = { json: "[]", count: 0, next: null }

export const activityList = (db: Sqlite, filter: ActivityFilter): ActivityList => {
  // One more than is shown tells whether there are more.
  const rows = activityQuery(db, { ...filter, limit: filter.limit + 1 })
  const page = rows.slice(0, filter.limit)
  return { json: `[${page.map(entryJson).join(",")}]`, count: page.length, next: rows.length > page.length ? page.at(-1)!.seq : null }
}

/** An event as the API shows it. */
const entryJson = ({ at, ...row }: ActivityRow): string => JSON.stringify({ ...row, at: new Date(at).toISOString() })
