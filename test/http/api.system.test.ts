import { totalmem } from "node:os"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { settings } from "../../src/commands/config.ts"
import { version } from "../../src/resources.ts"
import { type Api, apiOf } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { deploySite } from "../support/hosting.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
beforeAll(async () => {
  server = await startServer({ domain: "example.com" })
  api = apiOf(server, await server.key("admin"))
})
afterAll(() => server.stop())

const get = async (path: string) => checkSuccess(await api.get(path))

describe("how the server is", () => {
  it("is told under the names of Fazt 0.9, with what they mean here", async () => {
    const health = await get("/system/health")
    expect(health).toMatchObject({ status: "healthy", version, mode: "production", database: { path: server.db } })
    expect(health.uptime_seconds).toBeLessThan(120)
    const { memory, database, runtime, head } = health
    expect(memory.used_mb).toBeGreaterThan(20)
    expect(memory.limit_mb).toBeGreaterThan(memory.used_mb)
    expect(memory.limit_mb).toBeLessThanOrEqual(Math.ceil(totalmem() / 1024 ** 2))
    expect(memory.vfs_cache_mb).toBeGreaterThanOrEqual(0)
    // The writer, the edge, the log and the reader have one each.
    expect(database.open_connections).toBeGreaterThanOrEqual(4)
    expect(database.in_use).toBeLessThanOrEqual(database.open_connections)
    expect(runtime).toMatchObject({ requests_in_flight: 1, functions_waiting: 0, sockets: 0 })
    expect(runtime.goroutines).toBeGreaterThan(4)
    expect(head.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it("is told to everybody with server.read, and to nobody else", async () => {
    for (const path of ["health", "limits", "limits/schema", "capacity", "cache", "db", "config"]) {
      checkSuccess(await server.ask(`/api/system/${path}`, { token: await server.key("read") }))
      checkError(await server.ask(`/api/system/${path}`), "UNAUTHORIZED")
      checkError(await server.ask(`/api/system/${path}`, { token: await server.key("metrics") }), "FORBIDDEN")
      checkError(await server.ask(`/api/system/${path}`, { method: "POST" }), "METHOD_NOT_ALLOWED")
    }
  })
})

describe("what limits the server", () => {
  it("has the names of Fazt 0.9, and groups with what really limits", async () => {
    const limits = await get("/system/limits")
    expect(limits).toMatchObject({
      TotalRAM: limits.hardware.total_ram,
      AvailableRAM: expect.any(Number),
      CPUCount: limits.hardware.cpu_cores,
      MaxVFSBytes: Number(settings["cache.bytes"].default),
      MaxUploadBytes: Number(settings["limits.site_bytes"].default),
      storage: { max_file_size: Number(settings["limits.file_bytes"].default) },
      runtime: { exec_timeout: Number(settings["functions.wall_ms"].default) },
    })
    expect(limits.hardware.available_ram).toBeLessThanOrEqual(limits.hardware.total_ram)
    expect(Object.keys(await get("/system/capacity"))).toEqual(Object.keys(limits))
  })

  it("changes with the settings at once", async () => {
    await api.set("limits.site_files", 7)
    expect((await get("/system/limits")).storage.max_site_files).toBe(7)
    await api.unset("limits.site_files")
    expect((await get("/system/limits")).storage.max_site_files).toBe(20_000)
  })

  it("is described, each with the setting that changes it within its bounds", async () => {
    const [limits, schema] = [await get("/system/limits"), await get("/system/limits/schema")]
    for (const [group, descriptions] of Object.entries<Record<string, Record<string, unknown>>>(schema)) {
      expect([group, Object.keys(descriptions)]).toEqual([group, Object.keys(limits[group])])
      for (const [name, { setting, read_only, min, max, desc, label, unit }] of Object.entries(descriptions)) {
        expect([name, read_only]).toEqual([name, setting === null])
        expect([desc, label, unit].every((text) => typeof text === "string" && text !== "")).toBe(true)
        if (setting === null) continue
        const path = `/config/${setting}`
        const put = (value: number) => api.send("PUT", path, { value: String(value) })
        expect((await get(path)).value).toBe(String(limits[group][name]))
        checkError(await put(Number(max) + 1), "VALIDATION_FAILED")
        if (Number(min) > 0) checkError(await put(Number(min) - 1), "VALIDATION_FAILED")
      }
    }
    expect(schema.hardware.total_ram).toMatchObject({ read_only: true, setting: null, min: null, max: null })
    expect(schema.storage.max_site_files).toMatchObject({ setting: "limits.site_files", min: 1, max: 1_000_000 })
  })
})

it("tells of files in memory", async () => {
  await deploySite(server, "cached", { "a.bin": "x".repeat(10_000) })
  const before = await get("/system/cache")
  for (let i = 0; i < 3; i++) await server.ask("/a.bin", { host: "cached.example.com" })
  const after = await get("/system/cache")
  expect(after.CachedFiles - before.CachedFiles).toBe(1)
  expect(after.CacheSizeBytes - before.CacheSizeBytes).toBe(10_000)
  expect([after.misses - before.misses, after.hits - before.hits]).toEqual([1, 2])
  expect(after.max_bytes).toBe(Number(settings["cache.bytes"].default))
})

it("tells of the cartridge's file", async () => {
  const before = await get("/system/db")
  await api.upload("a new blob")
  const db = await get("/system/db")
  expect(db).toMatchObject({ path: server.db, events: db.head.seq, schema_version: 1, page_size: 4096 })
  expect(db.OpenConnections).toBe(db.InUse + db.Idle)
  expect([db.blobs - before.blobs, db.blob_bytes - before.blob_bytes]).toEqual([1, 10])
  expect(db.size_bytes + db.wal_bytes).toBeGreaterThan(100_000)
  expect(db.sqlite_version).toMatch(/^3\.\d+\.\d+$/)
})

it("tells what the server is, in the form of Fazt 0.9", async () => {
  expect(await get("/system/config")).toEqual({ version, domain: "example.com", env: "production", https: false, ntfy: false })
})

describe("settings", () => {
  it("are a counted list, by subject or by the beginning of their names", async () => {
    const all = checkList(await api.get("/config"))
    expect(all.meta).toEqual({ total: Object.keys(settings).length, limit: 2000, offset: 0 })
    const some = checkList(await api.get("/config?prefix=live.&limit=2&offset=1"))
    expect([some.items.map(({ key }) => key), some.meta.total]).toEqual([
      Object.keys(settings)
        .filter((key) => key.startsWith("live."))
        .slice(1, 3),
      Object.keys(settings).filter((key) => key.startsWith("live.")).length,
    ])
    checkError(await api.get("/config?limit=2001"), "VALIDATION_FAILED")
  })

  it("of the owner's own are set, listed behind the others, changed and unset", async () => {
    const entry = { key: "custom.shop.currency", default: "", restart: false, description: expect.any(String) }
    expect(checkSuccess(await api.send("PUT", "/config/custom.shop.currency", { value: "CHF" }))).toEqual({
      ...entry,
      value: "CHF",
      set: true,
    })
    await api.set("custom.a", "")
    expect(await get("/config/custom.shop.currency")).toEqual({ ...entry, value: "CHF", set: true })
    expect(checkList(await api.get("/config?prefix=custom.")).items.map(({ key, value }) => [key, value])).toEqual([
      ["custom.a", ""],
      ["custom.shop.currency", "CHF"],
    ])
    expect(checkList(await api.get("/config")).items.at(-1)).toMatchObject({ key: "custom.shop.currency" })
    expect(checkSuccess(await api.delete("/config/custom.shop.currency"))).toEqual({ ...entry, value: "", set: false })
    checkError(await api.get("/config/custom.shop.currency"), "NOT_FOUND")
    expect(checkList(await api.get("/config?prefix=custom.")).items).toHaveLength(1)
  })

  it("of the owner's own are in the log as other settings are", async () => {
    await api.set("custom.seen", "yes")
    const { items } = checkList(await api.get("/audit?type=v1.ConfigSet&limit=1"))
    expect(items[0]).toMatchObject({ stream: "config", data: { key: "custom.seen", value: "yes" } })
  })

  it.each([
    ["has a name of another form", "custom.Not-So", "1"],
    ["is under no name of its own", "custom.", "1"],
    ["is neither the server's nor one's own", "mine.colour", "1"],
    ["is longer than 4 KiB", "custom.long", "x".repeat(4097)],
  ])("are refused where one %s", async (_, key, value) => {
    checkError(await api.send("PUT", `/config/${key}`, { value }), "VALIDATION_FAILED")
  })
})

describe("lists", () => {
  it("of projections are counted", async () => {
    const all = checkList(await api.get("/projections"))
    expect(all.meta).toEqual({ total: all.items.length, limit: 100, offset: 0 })
    const some = checkList(await api.get("/projections?limit=2&offset=1"))
    expect([some.items.length, some.items[0].name, some.meta]).toEqual([
      2,
      all.items[1].name,
      { total: all.items.length, limit: 2, offset: 1 },
    ])
    expect(checkList(await api.get(`/projections?offset=${all.items.length}`)).items).toEqual([])
  })

  it("of events say how long they may be, and where they go on", async () => {
    const { items, meta } = checkList(await api.get("/audit?limit=2"))
    expect(meta).toEqual({ limit: 2, next: String(items[1].seq) })
    expect(checkList(await api.get("/audit")).meta.limit).toBe(50)
    expect(checkList(await api.get("/audit?stream=nothing")).items).toEqual([])
  })
})
