import type { Sqlite } from "../events/cartridge.ts"
import { upcast } from "../events/codec.ts"
import type { Projection } from "./projection.ts"

/** The feed behind audit queries: who did what to which site and stream, and when. Payloads stay in the log. */
export const activityProjection: Projection = {
  name: "activity",
  version: 1,
  envelopeOnly: true,
  tables: ["activity"],
  createTables: (table) => `
    CREATE TABLE ${table("activity")} (
      seq    INTEGER PRIMARY KEY,
      at     INTEGER NOT NULL,
      site   TEXT,
      stream TEXT NOT NULL,
      type   TEXT NOT NULL,
      actor  TEXT NOT NULL
    ) STRICT`,
  createIndexes: `
    CREATE INDEX activity_by_at ON activity (at);
    CREATE INDEX activity_by_site ON activity (site, seq) WHERE site IS NOT NULL;
    CREATE INDEX activity_by_type ON activity (type, seq);
    CREATE INDEX activity_by_actor ON activity (actor, seq)`,
  prepare: (db, table) => {
    const insert = db.prepare(`INSERT INTO ${table("activity")} VALUES (?, ?, ?, ?, ?, ?)`)
    return ({ seq, at, stream, type, actor }) => {
      insert.run(seq, at, siteOfStream(stream), stream, type, actor)
    }
  },
}

/** Streams that belong to a site carry its name as their second part. */
const siteOfStream = (stream: string): string | null => {
  const [kind, site] = stream.split("/", 2)
  return site !== undefined && siteStreams.has(kind!) ? site : null
}

const siteStreams: ReadonlySet<string> = new Set(["site", "kv", "doc", "index", "object", "hits", "logs", "env"])

export interface ActivityFilter {
  readonly site?: string | undefined
  readonly stream?: string | undefined
  /** A whole event type (`v1.SiteDeployed`) or its name without the version (`SiteDeployed`). */
  readonly type?: string | undefined
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

type StoredActivity = Omit<ActivityRow, "data" | "hash"> & { readonly data: string | null; readonly hash: Buffer }

/** Matching events: newest first, or oldest first from `after` on when following. */
export const activityQuery = (db: Sqlite, filter: ActivityFilter): ReadonlyArray<ActivityRow> => {
  const conditions: Array<string> = []
  const values: Array<string | number> = []
  const where = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return
    conditions.push(condition)
    values.push(value)
  }
  where("a.site = ?", filter.site)
  // The log itself is indexed by stream.
  where("e.stream = ?", filter.stream)
  const versioned = /^v\d+\./.test(filter.type ?? "")
  where(versioned ? "a.type = ?" : "a.type IN (SELECT substr(key, 6) FROM meta WHERE key GLOB 'type:v*.' || ?)", filter.type)
  where("a.actor = ?", filter.actor)
  // Time never runs backwards along seq, so a bound in time is a bound in seq that one index look-up finds.
  where("a.seq >= (SELECT seq FROM activity WHERE at >= ? ORDER BY at, seq LIMIT 1)", filter.since)
  where(`a.seq < coalesce((SELECT seq FROM activity WHERE at >= ? ORDER BY at, seq LIMIT 1), ${Number.MAX_SAFE_INTEGER})`, filter.until)
  where("a.seq < ?", filter.before)
  where("a.seq > ?", filter.after)

  const rows = db
    .prepare<Array<string | number>, StoredActivity>(
      `SELECT a.seq, e.id, a.at, a.site, a.stream, e.version, a.type, a.actor, e.cause, e.data, e.hash
       FROM activity a JOIN events e USING (seq)
       ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
       ORDER BY a.seq ${filter.after === undefined ? "DESC" : "ASC"} LIMIT ?`,
    )
    .all(...values, filter.limit)
  return rows.map(({ data, hash, ...row }) => ({
    ...row,
    data: data === null ? null : upcast(row.type, JSON.parse(data)).data,
    hash: hash.toString("hex"),
  }))
}
