import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { maxValueBytes, maxVariables } from "../../src/commands/env.ts"
import { type Api, apiOf, publish, query, refusal } from "../support/api.ts"
import { checkError, checkSuccess } from "../support/checks.ts"
import { dumpProjections } from "../support/dump.ts"
import { join, type Person } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
let adminToken: string
beforeAll(async () => {
  server = await startServer()
  adminToken = await server.key("admin")
  api = apiOf(server, adminToken)
  for (const site of ["shop", "blog", "full"]) await api.post("/sites", { site })
})
afterAll(() => server.stop())

const put = (site: string, name: string, value: unknown) => api.send("PUT", `/sites/${site}/env/${name}`, { value })
const patch = (site: string, values: unknown) => api.send("PATCH", `/sites/${site}/env`, { values })
const names = async (site: string): Promise<ReadonlyArray<string>> =>
  (await api.get(`/sites/${site}/env`)).json.data.map(({ name }: { readonly name: string }) => name)
const head = (): number => query<{ seq: number }>(server, "SELECT max(seq) AS seq FROM events")[0]!.seq
const sealed = (site: string): number =>
  query<{ n: number }>(server, "SELECT count(*) AS n FROM vault WHERE ref GLOB ?", `env/${site}/*`)[0]!.n

describe("a site's environment", () => {
  it("takes a variable, and tells its name, when it was set and by whom, but not its value", async () => {
    const set = await put("shop", "API_KEY", "s3cret")
    const told = { name: "API_KEY", set_at: expect.stringMatching(/^\d{4}-.*Z$/), set_by: `key:${adminToken.split("_")[1]}` }
    expect([set.status, set.json]).toEqual([200, { data: told }])
    expect((await api.get("/sites/shop/env")).json).toEqual({ data: [told], meta: { total: 1, limit: 1000, offset: 0 } })
    expect((await api.get("/sites/blog/env")).json).toMatchObject({ data: [], meta: { total: 0 } })
  })

  it("takes several at once, all or none, and leaves the others as they are", async () => {
    expect((await patch("shop", { B: "1", A: "2" })).status).toBe(200)
    expect(await names("shop")).toEqual(["A", "API_KEY", "B"])
    expect(refusal(await patch("shop", { C: "1", PATH: "2" }))).toEqual([400, "VALIDATION_FAILED"])
    expect(await names("shop")).toEqual(["A", "API_KEY", "B"])
    await api.delete("/sites/shop/env/A")
    await api.delete("/sites/shop/env/B")
  })

  it("records a value that is there already as nothing new", async () => {
    await put("shop", "SAME", "same")
    const before = head()
    expect((await put("shop", "SAME", "same")).status).toBe(200)
    expect((await patch("shop", { SAME: "same" })).status).toBe(200)
    expect(head()).toBe(before)
    await put("shop", "SAME", "other")
    expect(head()).toBe(before + 1)
  })

  it("forgets a variable that is unset, and says so once", async () => {
    await put("shop", "GONE", "x")
    const gone = await api.delete("/sites/shop/env/GONE")
    expect([gone.status, gone.json.data.message]).toEqual([200, expect.stringContaining("GONE of shop is unset")])
    expect(await names("shop")).not.toContain("GONE")
    const before = head()
    expect((await api.delete("/sites/shop/env/GONE")).status).toBe(200)
    expect(head()).toBe(before)
  })

  const refused: ReadonlyArray<readonly [what: string, send: () => Promise<Parameters<typeof refusal>[0]>, status: number, code: string]> =
    [
      ["a name in small letters", () => put("shop", "api_key", "x"), 400, "VALIDATION_FAILED"],
      ["a name that means something", () => put("shop", "NODE_OPTIONS", "x"), 400, "VALIDATION_FAILED"],
      ["a name like a part of every object", () => put("shop", "__proto__", "x"), 400, "VALIDATION_FAILED"],
      ["a value that is too large", () => put("shop", "BIG", "x".repeat(maxValueBytes + 1)), 400, "VALIDATION_FAILED"],
      ["a value with NUL", () => put("shop", "NUL", "a\0b"), 400, "VALIDATION_FAILED"],
      ["a value that is no text", () => put("shop", "NUMBER", 5), 400, "VALIDATION_FAILED"],
      ["no value", () => api.send("PUT", "/sites/shop/env/NONE", {}), 400, "VALIDATION_FAILED"],
      ["a value that is something else", () => put("shop", "A", ["s3cret"]), 400, "VALIDATION_FAILED"],
      ["values that are something else", () => patch("shop", { A: { b: "s3cret" } }), 400, "VALIDATION_FAILED"],
      [
        "what is no JSON",
        () =>
          server.ask("/api/sites/shop/env", {
            method: "PATCH",
            token: adminToken,
            headers: { "content-type": "application/json" },
            body: '{"values":{"A":s3cret}}',
          }),
        400,
        "INVALID_JSON",
      ],
      ["values that are a list", () => patch("shop", ["x"]), 400, "VALIDATION_FAILED"],
      ["purge that is no boolean", () => api.delete("/sites/shop/env/API_KEY?purge=maybe"), 400, "VALIDATION_FAILED"],
      ["a variable that never was", () => api.delete("/sites/shop/env/NEVER"), 404, "ENV_NOT_FOUND"],
      ["a site that never was, listed", () => api.get("/sites/nowhere/env"), 404, "SITE_NOT_FOUND"],
      ["a site that never was, set", () => put("nowhere", "A", "x"), 404, "SITE_NOT_FOUND"],
      ["a site that never was, set several", () => patch("nowhere", { A: "x" }), 404, "SITE_NOT_FOUND"],
      ["a site that never was, unset", () => api.delete("/sites/nowhere/env/A"), 404, "SITE_NOT_FOUND"],
    ]
  it.each(refused)("refuses %s", async (_what, send, status, code) => {
    const before = head()
    const answer = await send()
    expect(refusal(answer)).toEqual([status, code])
    expect(answer.text).not.toContain("s3cret")
    expect(head()).toBe(before)
  })

  it("has room for so many variables and no more", async () => {
    const many = Object.fromEntries(Array.from({ length: maxVariables }, (_, i) => [`V${i}`, String(i)]))
    expect((await patch("full", many)).status).toBe(200)
    expect(refusal(await put("full", "ONE_MORE", "x"))).toEqual([400, "VALIDATION_FAILED"])
    expect((await put("full", "V0", "changed")).status).toBe(200)
  })

  it("is listed by whom may deploy, and changed by administrators only", async () => {
    const as = async (scope: "read" | "deploy") => {
      const other = apiOf(server, await server.key(scope))
      return [
        (await other.get("/sites/shop/env")).status,
        (await other.send("PUT", "/sites/shop/env/X", { value: "x" })).status,
        (await other.send("PATCH", "/sites/shop/env", { values: {} })).status,
        (await other.delete("/sites/shop/env/X")).status,
      ]
    }
    expect([await as("read"), await as("deploy")]).toEqual([
      [403, 403, 403, 403],
      [200, 403, 403, 403],
    ])
    expect((await apiOf(server, undefined).get("/sites/shop/env")).status).toBe(401)
  })

  it("is part of its site's audit", async () => {
    await put("blog", "A", "x")
    await api.delete("/sites/blog/env/A?purge=true")
    const { json } = await api.get("/audit?site=blog&stream=env/blog")
    expect(json.data.map(({ type }: { readonly type: string }) => type)).toEqual(["v1.EnvPurged", "v1.EnvUnset", "v1.EnvSet"])
  })
})

describe("a value", () => {
  it("stays sealed when it is replaced or unset, until it is purged with all that came before", async () => {
    const before = sealed("blog")
    for (const value of ["1", "2", "3"]) await put("blog", "ROTATED", value)
    await api.delete("/sites/blog/env/ROTATED")
    expect(sealed("blog")).toBe(before + 3)
    expect((await api.delete("/sites/blog/env/ROTATED?purge=true")).status).toBe(200)
    expect(sealed("blog")).toBe(before)
  })

  it("is in no event, in no row of any projection, and nowhere in the file", async () => {
    const secret = "pa55word-that-nobody-may-find"
    await put("shop", "SECRET", secret)
    await put("shop", "SECRET", `${secret}-2`)
    await patch("shop", { OTHER: `${secret}-3` })
    await api.delete("/sites/shop/env/OTHER")
    const events = JSON.stringify(query(server, "SELECT * FROM events"))
    const rows = JSON.stringify(dumpProjections(server.db))
    const audit = (await api.get("/audit?limit=1000")).text
    const files = ["", "-wal"].map((suffix) => readFileSync(server.db + suffix).toString("latin1")).join("")
    for (const text of [events, rows, audit, files]) expect(text.includes("pa55word")).toBe(false)
    expect(events).toContain("SECRET")
  })

  it("leaves no sealed bytes in the file once it is purged", async () => {
    await put("blog", "PURGED", "x".repeat(5000))
    const [{ sealed: bytes }] = query<{ sealed: Buffer }>(
      server,
      "SELECT sealed FROM vault WHERE ref IN (SELECT ref FROM env_vars WHERE site = 'blog' AND name = 'PURGED')",
    ) as [{ sealed: Buffer }]
    const part = bytes.subarray(1000, 1064)
    const inFiles = () => ["", "-wal"].some((suffix) => readFileSync(server.db + suffix).includes(part))
    expect(inFiles()).toBe(true)
    await api.delete("/sites/blog/env/PURGED?purge=true")
    await expect.poll(inFiles, { timeout: 5000 }).toBe(false)
  })

  it("is never part of a refusal", async () => {
    const answers = [
      await put("shop", "NUL", "s3cret-value\0"),
      await put("shop", "BIG", "s3cret-value".repeat(6000)),
      await put("nowhere", "A", "s3cret-value"),
      await patch("shop", { lower: "s3cret-value" }),
    ]
    for (const { status, text } of answers) expect([status >= 400, text.includes("s3cret")]).toEqual([true, false])
  })
})

describe("variables as Fazt 0.9 has them", () => {
  let deployer: Person
  let viewer: Person
  beforeAll(async () => {
    deployer = await join(server, "deployer", ["ours"])
    viewer = await join(server, "viewer")
    for (const site of ["ours", "theirs"]) await publish(api, site, { "index.html": "1" })
  })

  const list = (site: string) => api.get(`/envvars?site_id=${site}`)

  it("are set, listed by name and id, set again and unset by that id", async () => {
    expect((await list("ours")).json).toEqual({ data: { vars: [] } })
    expect((await api.post("/envvars", { site_id: "OURS", name: "TOKEN", value: "s3cret" })).json).toEqual({ data: {} })
    expect((await api.post("/envvars", { site_id: "ours", name: "TOKEN", value: "" })).json).toEqual({ data: {} })
    const answer = await list("ours")
    expect(answer.json).toEqual({ data: { vars: [{ id: "ours:TOKEN", name: "TOKEN" }] } })
    expect(answer.text).not.toContain("s3cret")
    checkSuccess(await api.delete("/envvars?id=ours:TOKEN"))
    expect((await list("ours")).json).toEqual({ data: { vars: [] } })
  })

  it("are refused where something is missing or wrong", async () => {
    checkError(await api.get("/envvars"), "MISSING_FIELD")
    checkError(await api.delete("/envvars"), "MISSING_FIELD")
    for (const body of [
      {},
      { site_id: "ours" },
      { site_id: "ours", name: "A" },
      { name: "A", value: "x" },
      { site_id: "", name: "A", value: "" },
    ])
      checkError(await api.post("/envvars", body), "MISSING_FIELD")
    checkError(await api.post("/envvars", { site_id: "ours", name: "lower", value: "x" }), "VALIDATION_FAILED")
    checkError(await api.post("/envvars", { site_id: "ours", name: "PATH", value: "x" }), "VALIDATION_FAILED")
    expect((await api.post("/envvars", { site_id: "ours", name: "A", value: ["s3cret"] })).text).not.toContain("s3cret")
    checkError(await list("nowhere"), "SITE_NOT_FOUND")
    checkError(await api.post("/envvars", { site_id: "nowhere", name: "A", value: "x" }), "SITE_NOT_FOUND")
    checkError(await api.delete("/envvars?id=nowhere:A"), "SITE_NOT_FOUND")
    checkError(await api.delete("/envvars?id=ours:NEVER"), "ENV_NOT_FOUND")
    for (const id of ["ours", ":A", "12"]) checkError(await api.delete(`/envvars?id=${id}`), "ENV_NOT_FOUND")
  })

  it("are those of the sites that the caller reaches", async () => {
    expect((await deployer.post("/api/envvars", { site_id: "ours", name: "A", value: "x" })).status).toBe(200)
    checkError(await deployer.post("/api/envvars", { site_id: "theirs", name: "A", value: "x" }), "FORBIDDEN")
    checkError(await deployer.get("/api/envvars?site_id=theirs"), "FORBIDDEN")
    checkError(await deployer.get("/api/envvars"), "FORBIDDEN")
    checkError(await deployer.send("DELETE", "/api/envvars?id=theirs:A"), "FORBIDDEN")
    checkSuccess(await deployer.get("/api/envvars?site_id=ours"))
    checkSuccess(await deployer.send("DELETE", "/api/envvars?id=ours:A"))
    checkError(await viewer.get("/api/envvars?site_id=ours"), "FORBIDDEN")
    checkError(await viewer.post("/api/envvars", { site_id: "ours", name: "A", value: "x" }), "FORBIDDEN")
    checkError(await server.ask("/api/envvars?site_id=ours"), "UNAUTHORIZED")
  })
})
