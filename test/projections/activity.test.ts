import Database from "better-sqlite3"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { StreamAppend } from "../../src/events/EventLog.ts"
import { type ActivityFilter, type ActivityPage, activityPage, activityQuery, mayMatch } from "../../src/projections/activity.ts"
import { tell, withWriter } from "../support/cartridge.ts"

const sites = ["a", "b", "rare"]
const streams = ["config", "kv", "kv/a", "kv/a/x", "kv/b/x/y", "site/rare", "user/a", "env/b", "x/kv/a"]

/** Nine hundred events of which most are alike, some stand alone, and many share a moment. */
const history = Array.from({ length: 900 }, (_, n) => ({
  stream: n % 97 === 0 ? streams[(n / 97) % streams.length]! : n % 3 === 0 ? "kv/a/x" : "config",
  actor: n === 450 ? "key:once" : n % 5 === 0 ? "fn:a" : "owner",
  type: n % 41 === 0 ? ("v1.ConfigUnset" as const) : ("v1.ConfigSet" as const),
  at: 1000 + Math.floor(n / 7),
}))

const fill = async (writer: Parameters<typeof tell>[0], tick: (at: number) => void): Promise<void> => {
  for (const [n, { stream, actor, type, at }] of history.entries()) {
    tick(at)
    const data = type === "v1.ConfigSet" ? { key: "k", value: String(n) } : { key: "k" }
    const append: StreamAppend = { stream, expected: "any", events: [{ id: `e${n}`, type, data } as StreamAppend["events"][number]] }
    await tell(writer, { kind: "append", request: { actor, cause: "t", streams: [append] } })
  }
}

const siteOf = (stream: string): string | null => {
  const [kind, site] = stream.split("/")
  return site !== undefined && ["kv", "site", "env"].includes(kind!) ? site : null
}

/** What a filter means, told by looking at every event. */
const matching = (filter: ActivityFilter): ReadonlyArray<number> => {
  const seqs = history.flatMap(({ stream, actor, type, at }, n) => {
    const seq = n + 1
    const matches =
      (filter.site === undefined || siteOf(stream) === filter.site) &&
      (filter.stream === undefined || stream === filter.stream) &&
      (filter.actor === undefined || actor === filter.actor) &&
      (filter.type === undefined || [filter.type].flat().some((asked) => asked === type || `v1.${asked}` === type)) &&
      (filter.since === undefined || at >= filter.since) &&
      (filter.until === undefined || at < filter.until) &&
      (filter.before === undefined || seq < filter.before) &&
      (filter.after === undefined || seq > filter.after)
    return matches ? [seq] : []
  })
  return (filter.after === undefined ? seqs.reverse() : seqs).slice(0, filter.limit)
}

const optional = <A>(values: ReadonlyArray<A>) => fc.option(fc.constantFrom(...values), { nil: undefined })
const filters: fc.Arbitrary<ActivityFilter> = fc.record({
  site: optional([...sites, "x", ""]),
  stream: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...streams) }),
  type: optional([
    "ConfigSet",
    "v1.ConfigSet",
    "ConfigUnset",
    "v1.ConfigUnset",
    "v2.ConfigSet",
    "Config",
    "*",
    ["ConfigUnset", "v2.ConfigSet"],
    ["v1.ConfigUnset", "ConfigUnset", "ConfigSet"],
    ["SiteCreated", "v1.ConfigSet"],
  ]),
  actor: optional(["owner", "fn:a", "key:once", "nobody"]),
  since: fc.option(fc.integer({ min: 990, max: 1140 }), { nil: undefined }),
  until: fc.option(fc.integer({ min: 990, max: 1140 }), { nil: undefined }),
  before: fc.option(fc.nat(1000), { nil: undefined }),
  after: fc.option(fc.nat(1000), { nil: undefined }),
  limit: fc.integer({ min: 1, max: 1000 }),
})

const withHistory = (use: (db: Database.Database) => void): Promise<void> => {
  let now = 0
  return withWriter(
    async (writer, path) => {
      await fill(writer, (at) => {
        now = at
      })
      const db = new Database(path, { readonly: true })
      try {
        use(db)
      } finally {
        db.close()
      }
    },
    { now: () => now },
  )
}

describe("the activity", () => {
  it("shows for any filter just the events that match it, in order, as many as were asked for", () =>
    withHistory((db) => {
      fc.assert(
        fc.property(filters, (filter) => {
          const rows = activityQuery(db, filter)
          expect(rows.map(({ seq }) => seq)).toEqual(matching(filter))
          for (const { seq, site, stream, type, actor, at } of rows) {
            expect({ stream, type, actor, at }).toEqual(history[seq - 1])
            expect(site).toBe(siteOf(stream))
          }
        }),
        // A name that only a part of the stream has.
        { numRuns: 500, examples: [[{ site: "b/x", stream: "kv/b/x/y", limit: 10 }]] },
      )
    }))

  it("is read on from any event in parts that together are all that matches, and say up to where they go", () =>
    withHistory((db) => {
      const sizes = fc.record({ limit: fc.integer({ min: 1, max: 300 }), bytes: fc.constantFrom(0, 100, 5000, 1_000_000) })
      fc.assert(
        fc.property(filters, fc.nat(1000), sizes, ({ site, stream, type, actor }, start, { limit, bytes }) => {
          const filter = { site, stream, type, actor }
          const expected = matching({ ...filter, after: start, limit: 1000 })
          const seen: Array<number> = []
          let page: ActivityPage
          let after = start
          do {
            page = activityPage(db, { ...filter, after, limit, bytes })
            const seqs = page.entries.map(({ seq }) => seq)
            seen.push(...seqs)
            expect(seqs.length).toBeLessThanOrEqual(limit)
            expect(seen).toEqual(expected.filter((seq) => seq <= page.seq))
            expect(page.isLast || page.seq > after).toBe(true)
            after = page.seq
          } while (!page.isLast)
          expect(after).toBe(Math.max(start, history.length))
        }),
        { numRuns: 100 },
      )
      const [row] = activityQuery(db, { after: 41, limit: 1 })
      const [entry] = activityPage(db, { after: 41, limit: 1, bytes: 1 }).entries
      expect(JSON.parse(entry!.json)).toEqual({ ...row, at: new Date(row!.at).toISOString() })
    }))

  it("may have what a filter means wherever it does, judged by stream and type", () => {
    fc.assert(
      fc.property(filters, ({ site, stream, type }) => {
        const found = new Set(matching({ site, stream, type, after: 0, limit: 1000 }))
        for (const [n, event] of history.entries()) expect(mayMatch({ site, stream, type }, event)).toBe(found.has(n + 1))
      }),
      { numRuns: 50 },
    )
  })
})
