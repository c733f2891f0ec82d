import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import Database from "better-sqlite3"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { CartridgeWriter } from "../../src/commands/CartridgeWriter.ts"
import { settings } from "../../src/commands/config.ts"
import { projections } from "../../src/projections/projector.ts"
import { enrollOwner } from "../../src/server.ts"
import { type Api, apiOf, publish, query, refusal } from "../support/api.ts"
import { startServer, type TestServer } from "../support/server.ts"

interface Entry {
  readonly seq: number
  readonly at: string
  readonly site: string | null
  readonly stream: string
  readonly version: number
  readonly type: string
  readonly actor: string
  readonly data: unknown
  readonly hash: string
}

const password = "a password that nobody may find"

let server: TestServer
let api: Api
let deployer: string
let ownersToken: string
beforeAll(async () => {
  server = await startServer({ enrolled: false })
  const owner = await server.run(enrollOwner("juliet", Option.some(password)))
  ownersToken = Option.getOrThrow(owner).token
  api = apiOf(server, ownersToken)
  deployer = await server.key("deploy")
  await publish(apiOf(server, deployer), "shop", { "index.html": "1" })
  await sleep(5)
  await publish(apiOf(server, deployer), "shop", { "index.html": "2" })
  await publish(api, "blog", { "index.html": "1" })
  await sleep(5)
  await api.post("/sites/shop/rollback", {})
  await api.set("limits.zip_ratio", 100)
  await sleep(5)
  await api.set("limits.zip_ratio", 150)
  await api.delete("/sites/blog")
})
afterAll(() => server.stop())

const head = (): number => query<{ seq: number }>(server, "SELECT max(seq) AS seq FROM events")[0]!.seq
const audit = async (parameters = ""): Promise<ReadonlyArray<Entry>> => (await api.get(`/audit?limit=1000${parameters}`)).json.data
const seqs = (entries: ReadonlyArray<Entry>): ReadonlyArray<number> => entries.map(({ seq }) => seq)

describe("the audit", () => {
  it("shows every event, newest first, with who did what to which site, and what that was", async () => {
    const entries = await audit()
    expect(seqs(entries)).toEqual(Array.from({ length: head() }, (_, i) => head() - i))
    expect(entries[0]).toEqual({
      seq: head(),
      id: expect.any(String),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      site: "blog",
      stream: "site/blog",
      version: 3,
      type: "v1.SiteDeleted",
      actor: `key:${ownersToken.split("_")[1]}`,
      cause: expect.stringMatching(/^req_/),
      data: { site: "blog" },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(entries.find(({ type }) => type === "v1.ConfigSet")).toMatchObject({
      site: null,
      data: { key: "limits.zip_ratio", value: "150" },
    })
  })

  const idOf = (token: string) => token.split("_")[1]!
  const filters: ReadonlyArray<readonly [what: string, parameters: () => string, matches: (entry: Entry) => boolean]> = [
    ["site", () => "site=shop", ({ site }) => site === "shop"],
    ["stream", () => "stream=config", ({ stream }) => stream === "config"],
    ["a site's own stream", () => "stream=site/blog", ({ stream }) => stream === "site/blog"],
    ["type", () => "type=v1.SiteDeployed", ({ type }) => type === "v1.SiteDeployed"],
    ["type in any version", () => "type=SiteDeployed", ({ type }) => type === "v1.SiteDeployed"],
    ["key", () => `actor=key:${idOf(deployer)}`, ({ actor }) => actor === `key:${idOf(deployer)}`],
    ["actor", () => "actor=system", ({ actor }) => actor === "system"],
    ["site and type", () => "site=shop&type=SiteRolledBack", ({ site, type }) => site === "shop" && type === "v1.SiteRolledBack"],
    [
      "site, actor and time",
      () => `site=shop&actor=key:${idOf(ownersToken)}&since=1h`,
      ({ site, actor }) => site === "shop" && actor === `key:${idOf(ownersToken)}`,
    ],
  ]
  it.each(filters)("can be narrowed by %s", async (_what, parameters, matches) => {
    const expected = (await audit()).filter(matches)
    expect(expected.length).toBeGreaterThan(0)
    expect(await audit(`&${parameters()}`)).toEqual(expected)
  })

  it.each([
    "site=sho",
    "site=SHOP",
    "stream=site",
    "type=v2.SiteDeployed",
    "type=SiteDep",
    "type=Deployed",
    "type=v1.",
    "actor=key:",
    "actor=key",
  ])("finds nothing by half a name: %s", async (parameter) => {
    expect(await audit(`&${parameter}`)).toEqual([])
  })

  it("can be narrowed to a time, from its first moment on and up to its last, exclusive", async () => {
    const entries = await audit()
    for (const { at } of entries) {
      expect(seqs(await audit(`&since=${at}`))).toEqual(seqs(entries.filter((entry) => entry.at >= at)))
      expect(seqs(await audit(`&until=${at}`))).toEqual(seqs(entries.filter((entry) => entry.at < at)))
    }
    const [newest, oldest] = [entries[0]!.at, entries.at(-1)!.at]
    expect(seqs(await audit(`&since=${oldest}&until=${newest}`))).toEqual(seqs(entries.filter(({ at }) => at < newest)))
  })

  const year = new Date().getUTCFullYear()
  const times: ReadonlyArray<readonly [bound: string, all: boolean]> = [
    ["since=2h", true],
    ["since=7d", true],
    ["since=90s", true],
    ["since=30m", true],
    ["since=1w", true],
    ["since=2020-01-01", true],
    ["since=2020-01-01T12:00", true],
    ["since=2020-01-01T12:00:00Z", true],
    ["since=2020-01-01T12:00:00.5%2B02:00", true],
    ["since=2020-01-01 12:00", true],
    [`since=${year + 1}-01-01`, false],
    [`since=${year + 1}-01-01T00:00:00Z`, false],
    [`until=${year + 1}-01-01`, true],
    ["until=2h", false],
    ["until=7d", false],
    ["until=2020-01-01", false],
    ["since=7d&until=2h", false],
  ]
  it.each(times)("understands %s", async (bound, all) => {
    expect((await audit(`&${bound.replaceAll(" ", "%20")}`)).length).toBe(all ? head() : 0)
  })

  const bad = [
    ...[
      "since=yesterday",
      "since=2",
      "since=h",
      "since=-2h",
      "since=2y",
      "since=2026-13-01",
      "since=2026-11-21T25:00",
      "since=",
      "until=soon",
      "until=1e9",
      "since=%00",
    ],
    ...["limit=0", "limit=1001", "limit=-1", "limit=1.5", "limit=x", "limit=", "before=-1", "before=x", "before=", "after=-1", "after=0.5"],
    ...["wait=-1", "wait=31", "wait=x", "wait=NaN", "wait=Infinity"],
  ]
  it.each(bad)("refuses %s", async (parameter) => {
    expect(refusal(await api.get(`/audit?${parameter}`))).toEqual([400, "VALIDATION_FAILED"])
  })

  it("gives 50 events unless asked for another number, up to 1,000", async () => {
    for (let i = 0; i < 60; i++) await api.set("limits.zip_ratio", 200 + i)
    const lengths = ["", "?limit=1", "?limit=50", "?limit=1000"].map(async (limit) => (await api.get(`/audit${limit}`)).json.data.length)
    expect(await Promise.all(lengths)).toEqual([50, 1, 50, head()])
  })

  it.each([1, 7, 50])("is given in pages of %i that show each event once, even while events come in", async (limit) => {
    const all = seqs(await audit())
    const seen: Array<number> = []
    let next: string | null = null
    do {
      const { json } = await api.get(`/audit?limit=${limit}${next === null ? "" : `&before=${next}`}`)
      seen.push(...seqs(json.data))
      next = json.meta.next
      if (seen.length < 30) await api.set("limits.zip_ratio", 1_000 + seen.length)
    } while (next !== null)
    expect(seen).toEqual(all)
  })

  it("is given in pages also where it is narrowed", async () => {
    const all = seqs(await audit("&type=ConfigSet"))
    const seen: Array<number> = []
    for (let next = ""; next !== "end"; ) {
      const { json } = await api.get(`/audit?type=ConfigSet&limit=9${next}`)
      seen.push(...seqs(json.data))
      next = json.meta.next === null ? "end" : `&before=${json.meta.next}`
    }
    expect(seen).toEqual(all)
  })
})

describe("following the audit", () => {
  it("goes forward from an event on, oldest first", async () => {
    const { json } = await api.get("/audit?after=3&limit=4")
    expect([seqs(json.data), json.meta.next]).toEqual([[4, 5, 6, 7], "7"])
    expect(seqs((await api.get(`/audit?after=${head() - 1}`)).json.data)).toEqual([head()])
  })

  it("answers at once where there is something, also when it may wait", async () => {
    const started = performance.now()
    expect(seqs((await api.get("/audit?after=3&limit=1&wait=30")).json.data)).toEqual([4])
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it("waits for the first event that matches, and gives it as soon as it is there", async () => {
    const from = head()
    const waiting = api.get(`/audit?after=${from}&type=SiteCreated&wait=20`)
    await sleep(100)
    await api.set("limits.zip_ratio", 77)
    await sleep(50)
    const created = performance.now()
    await api.post("/sites", { site: "awaited" })
    const { json } = await waiting
    expect([json.data.length, json.data[0].site, json.meta.next]).toEqual([1, "awaited", null])
    expect(performance.now() - created).toBeLessThan(2_000)
  })

  it("gives up after the time it may wait, with nothing", async () => {
    const started = performance.now()
    const answer = await api.get(`/audit?after=${head()}&wait=0.5`)
    const took = performance.now() - started
    expect([answer.status, answer.json]).toEqual([200, { data: [], meta: { limit: 50, next: null } }])
    expect(took).toBeGreaterThan(450)
    expect(took).toBeLessThan(5_000)
  })

  it("misses nothing and doubles nothing while events come in all the time", async () => {
    const from = head()
    let isWriting = true
    const writing = (async () => {
      for (let i = 0; i < 60; i++) {
        await api.set("limits.zip_ratio", 5_000 + i)
        if (i % 7 === 0) await sleep(10)
      }
      isWriting = false
    })()
    const seen: Array<number> = []
    while (isWriting || seen.length < 60) {
      const entries: ReadonlyArray<Entry> = (await api.get(`/audit?after=${seen.at(-1) ?? from}&wait=2`)).json.data
      seen.push(...seqs(entries))
    }
    await writing
    expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => from + 1 + i))
  })

  it("serves many who wait at the same time", async () => {
    const from = head()
    const waiting = Array.from({ length: 20 }, () => api.get(`/audit?after=${from}&wait=20`))
    await sleep(100)
    await api.set("limits.zip_ratio", 88)
    expect((await Promise.all(waiting)).map(({ json }) => seqs(json.data))).toEqual(waiting.map(() => [from + 1]))
  })
})

describe("the settings", () => {
  const get = async (key: string) => (await api.get(`/config/${key}`)).json.data

  it("are all listed, with what they are, their defaults, and whether they were set", async () => {
    const { json } = await api.get("/config")
    expect(json.data.map(({ key }: { readonly key: string }) => key)).toEqual(Object.keys(settings))
    await api.unset("limits.zip_ratio")
    expect(await get("limits.zip_ratio")).toEqual({
      key: "limits.zip_ratio",
      value: "200",
      default: "200",
      set: false,
      restart: false,
      description: expect.stringMatching(/.{10}/),
    })
  })

  it("are set and unset, each a line in the audit, and none where nothing changes", async () => {
    const from = head()
    await api.set("limits.site_files", 5)
    expect(await get("limits.site_files")).toMatchObject({ value: "5", default: "20000", set: true })
    await api.set("limits.site_files", 5)
    await api.unset("limits.site_files")
    expect(await get("limits.site_files")).toMatchObject({ value: "20000", set: false })
    await api.unset("limits.site_files")
    const events: ReadonlyArray<Entry> = (await api.get(`/audit?after=${from}`)).json.data
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ["v1.ConfigSet", { key: "limits.site_files", value: "5" }],
      ["v1.ConfigUnset", { key: "limits.site_files" }],
    ])
  })
})

describe("keys", () => {
  it("are made with the scopes asked for, work at once, and show their token that one time", async () => {
    const made = await api.post("/keys", { name: "ci 🚀", scopes: ["read", "deploy"] })
    const { id, token } = made.json.data
    expect([made.status, made.json]).toMatchObject([
      201,
      {
        data: {
          id: expect.stringMatching(/^[0-9a-f]{12}$/),
          name: "ci 🚀",
          scopes: ["read", "deploy"],
          token: expect.stringMatching(/^fazt_/),
        },
      },
    ])
    expect((await apiOf(server, token).get("/sites")).status).toBe(200)
    const listed = await api.get("/keys")
    expect(listed.json.data.find((key: { readonly id: string }) => key.id === id)).toMatchObject({
      id,
      name: "ci 🚀",
      scopes: ["read", "deploy"],
      created_at: expect.any(String),
      revoked_at: null,
    })
    expect(listed.text).not.toContain(token.split("_").at(-1))
  })

  it("stop working the moment they are revoked, for ever; revoking them again changes nothing", async () => {
    const { id, token } = (await api.post("/keys", { name: "short-lived", scopes: ["admin"] })).json.data
    const revoked = await apiOf(server, token).delete(`/keys/${id}`)
    expect(revoked.status).toBe(200)
    expect(refusal(await apiOf(server, token).get("/sites"))).toEqual([401, "INVALID_API_KEY"])
    const before = head()
    expect((await api.delete(`/keys/${id}`)).status).toBe(200)
    expect(head()).toBe(before)
    const { json } = await api.get("/keys")
    expect(json.data.find((key: { readonly id: string }) => key.id === id).revoked_at).toMatch(/^\d{4}-/)
  })
})

describe("secrets", () => {
  it("are nowhere in the log, nor anywhere else in the cartridge", async () => {
    const made = (await api.post("/keys", { name: "secret", scopes: ["read"] })).json.data.token
    const revoked = (await api.post("/keys", { name: "revoked", scopes: ["read"] })).json.data.token
    await api.delete(`/keys/${revoked.split("_")[1]}`)
    const secrets = [password, ...[ownersToken, deployer, made, revoked].map((token) => token.slice("fazt_000000000000_".length))]

    const log = JSON.stringify(query(server, "SELECT * FROM events")) + JSON.stringify(await audit())
    expect(secrets.filter((secret) => secret.length < 20 || log.includes(secret))).toEqual([])
    // The password's hash is sealed in the vault, so not even that can be read.
    expect(log).not.toContain("scrypt$")
    const files = ["", "-wal"].map((suffix) => readFileSync(server.db + suffix).toString("latin1")).join("")
    expect([...secrets, "scrypt$"].filter((secret) => files.includes(secret))).toEqual([])
    expect(files).toContain("juliet")
  })
})

const verify = async (parameters = "") => (await api.get(`/audit/verify${parameters}`)).json.data

describe("verifying the chain", () => {
  it("walks to the head, whose hash is the one that the status tells", async () => {
    const { head: told } = (await api.get("/status")).json.data
    expect(await verify()).toEqual({ seq: told.seq, hash: told.hash, bytes: expect.any(Number), done: true, head: told, bad: null })
  })

  it("goes on from any event, if the hash found there is given, and not from another hash", async () => {
    const entries = await audit()
    for (const { seq, hash } of [entries[0]!, entries[5]!, entries.at(-1)!]) {
      expect(await verify(`?after=${seq}&hash=${hash}`)).toMatchObject({ seq: head(), done: true, bad: null })
    }
    const [{ hash: other }, { seq }] = [entries[3]!, entries[5]!]
    expect(await verify(`?after=${seq}&hash=${other}`)).toMatchObject({ seq, done: true, bad: { seq: seq + 1 } })
    expect(refusal(await api.get(`/audit/verify?after=${seq}`))).toEqual([400, "MISSING_FIELD"])
    expect(refusal(await api.get(`/audit/verify?after=${seq}&hash=abc`))).toEqual([400, "VALIDATION_FAILED"])
  })

  const tampering: ReadonlyArray<readonly [what: string, sql: string]> = [
    ["a payload", `UPDATE events SET data = '{"key":"limits.zip_ratio","value":"101"}' WHERE seq = ?`],
    ["an actor", "UPDATE events SET actor = 'somebody' WHERE seq = ?"],
    ["a time", "UPDATE events SET at = at - 1 WHERE seq = ?"],
    ["a payload that was taken out without a word", "UPDATE events SET data = NULL WHERE seq = ?"],
    ["an event that is gone", "DELETE FROM events WHERE seq = ?"],
  ]
  it.each(tampering)("names the first event that is not as it was: %s", async (_what, sql) => {
    const [victim] = query<{ seq: number }>(server, "SELECT seq FROM events WHERE type = 'v1.ConfigSet' ORDER BY seq LIMIT 1")
    const db = new Database(server.db)
    try {
      const kept = db.prepare("SELECT * FROM events WHERE seq = ?").get(victim!.seq) as Record<string, unknown>
      db.prepare(sql).run(victim!.seq)
      const bad = (await verify()).bad
      const restore = `INSERT OR REPLACE INTO events (${Object.keys(kept).join(", ")}) VALUES (${Object.keys(kept)
        .map(() => "?")
        .join(", ")})`
      db.prepare(restore).run(...Object.values(kept))
      expect(bad.seq - victim!.seq).toBe(sql.startsWith("DELETE") ? 1 : 0)
      expect(bad.reason.length).toBeGreaterThan(10)
    } finally {
      db.close()
    }
    expect((await verify()).bad).toBeNull()
  })
})

describe("the projections", () => {
  it("are all at the head, and are rebuilt on request without changing what is served", async () => {
    const status = async () =>
      (await api.get("/projections")).json.data as ReadonlyArray<{ name: string; seq: number; rebuilding: unknown }>
    const names = (await status()).map(({ name }) => name)
    expect(names).toEqual(projections.map(({ name }) => name).sort())
    expect((await status()).map(({ seq }) => seq)).toEqual(names.map(() => head()))

    const sites = await api.get("/sites?deleted=true")
    const started = await api.post("/projections/rebuild", {})
    expect([started.status, started.json.data.projections.toSorted()]).toEqual([202, names])
    await expect.poll(async () => (await status()).every(({ rebuilding }) => rebuilding === null), { timeout: 15_000 }).toBe(true)
    expect((await api.get("/sites?deleted=true")).json).toEqual(sites.json)
  }, 30_000)
})

describe("a long log", () => {
  it("is verified in parts, each from where the last one ended", { timeout: 30_000 }, async () => {
    for (let part = 0; part < 52; part++) {
      const events = Array.from({ length: 1_000 }, (_, i) => ({
        id: `filler-${part}-${i}`,
        type: "v1.ConfigUnset" as const,
        data: { key: "nothing" },
      }))
      const request = { actor: "system", cause: "filler", streams: [{ stream: "filler", expected: "any" as const, events }] }
      await server.run(Effect.flatMap(CartridgeWriter, (writer) => writer.request({ kind: "append", request })))
    }
    const parts = [await verify()]
    while (!parts.at(-1).done) parts.push(await verify(`?after=${parts.at(-1).seq}&hash=${parts.at(-1).hash}`))
    expect(parts.map(({ done, bad }) => [done, bad])).toEqual([
      [false, null],
      [true, null],
    ])
    expect([parts[0].seq, parts[1].seq, parts[1].hash]).toEqual([50_000, head(), parts[1].head.hash])
  })
})
