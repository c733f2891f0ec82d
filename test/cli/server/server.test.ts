import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startServer, type TestServer } from "../../support/server.ts"
import { type Around, runVerb } from "../runVerb.ts"
import { tree } from "../tree.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const here = (args: ReadonlyArray<string>, around?: Around) => runVerb([...args, "--db", server.db], around)
const byKey = (token: string, args: ReadonlyArray<string>, around?: Around) =>
  runVerb([...args, "--to", `localhost:${server.port}`, "--token", token], around)

describe("fazt server", () => {
  it.each<[string, RegExp, Record<string, unknown>]>([
    ["status", /^Status +healthy\nVersion /, { status: "healthy" }],
    ["health", /^Status +healthy\nVersion .*\nUptime .*\nMemory +[\d,.]+ of [\d,.]+ MiB/, { mode: "production" }],
    ["limits", /^LIMIT +VALUE +SETTING +WHAT IT IS\nhardware.total_ram +[\d.]+ GB /, { storage: expect.anything() }],
    ["cache", /^Files +\d+\nSize .* of /, { CachedFiles: expect.any(Number) }],
    ["db", /^Cartridge +\/.*\nSize .*\nPages .*\nEvents +\d+\nHead +\d+:[0-9a-f]{64}\n/, { events: expect.any(Number) }],
  ])("%s", async (verb, text, json) => {
    const shown = await here(["server", verb])
    expect([shown.code, shown.stderr]).toEqual([0, ""])
    expect(shown.stdout).toMatch(text)
    expect((await byKey(await server.key("read"), ["server", verb, "--json"])).json).toMatchObject(json)
    expect((await byKey(await server.key("logs"), ["server", verb])).code).toBe(4)
  })
})

describe("fazt config", () => {
  it("lists, sets and unsets settings, also those of one's own", async () => {
    expect((await here(["config", "list"])).stdout).toMatch(/^KEY +VALUE +WHAT IT IS\nserver\.domain /)
    expect((await here(["config", "list", "--prefix", "custom."])).stdout).toBe("There are no such settings.\n")
    expect((await here(["config", "get", "custom.motd"])).code).toBe(3)
    expect(await here(["config", "set", "custom.motd", "Hello"])).toMatchObject({ code: 0, stdout: "✓ custom.motd is Hello\n" })
    expect((await here(["config", "get", "custom.motd"])).stdout).toBe("Hello\n")
    const admin = await server.key("admin")
    const listed = (await byKey(admin, ["config", "list", "--prefix", "custom.", "--json"])).json
    expect(listed).toEqual([expect.objectContaining({ key: "custom.motd", value: "Hello", set: true })])
    expect((await byKey(admin, ["config", "get", "--json"])).json.length).toBeGreaterThan(10)
    expect(await here(["config", "unset", "custom.motd"])).toMatchObject({ code: 0, stdout: "✓ custom.motd is gone\n" })
    expect((await byKey(await server.key("deploy"), ["config", "list"])).code).toBe(4)
    expect((await here(["config", "set", "no.such.setting", "1"])).code).not.toBe(0)
  })
})

describe("fazt metrics", () => {
  it("prints what GET /metrics gives", async () => {
    const { code, bytes } = await here(["metrics"])
    expect([code, bytes.toString()]).toEqual([0, expect.stringMatching(/^# (TYPE|HELP) fazt_/m)])
    expect((await byKey(await server.key("metrics"), ["metrics", "--json"])).json).toMatchObject({
      type: expect.stringMatching(/^(application|text)\//),
      text: expect.stringContaining("fazt_"),
    })
    expect((await runVerb(["metrics", "--to", "http://localhost:1"])).code).toBe(6)
  })
})

describe("fazt openapi", () => {
  it("prints the document", async () => {
    const { code, json } = await here(["openapi"])
    expect([code, json.openapi, Object.keys(json.paths)]).toEqual([
      0,
      expect.stringMatching(/^3\.1/),
      expect.arrayContaining(["/api/sites"]),
    ])
    expect((await runVerb(["openapi", "--to", `http://root.localhost:${server.port}`])).code).not.toBe(0)
  })
})

describe("fazt api", () => {
  it("asks any endpoint, with or without /api/ before it", async () => {
    const key = await server.key("admin")
    for (const path of ["sites?limit=1", "/api/sites?limit=1"]) {
      expect((await byKey(key, ["api", "get", path])).json).toMatchObject({ data: [{ site: "404" }], meta: { total: 2, limit: 1 } })
    }
    expect((await here(["api", "PUT", "config/custom.x", "--data", '{"value":"1"}'])).json.data.value).toBe("1")
    const file = join(tree(), "body.json")
    writeFileSync(file, '{"value":"2"}')
    expect((await here(["api", "PUT", "config/custom.x", "-d", `@${file}`])).json.data.value).toBe("2")
    expect((await here(["api", "PUT", "config/custom.x", "-d", "@-"], { stdin: '{"value":"3"}' })).json.data.value).toBe("3")
    expect((await here(["api", "DELETE", "config/custom.x", "--json"])).code).toBe(0)
  })

  it("sends and prints bytes", async () => {
    const path = "sites/root/objects/content?path=a.bin"
    expect((await here(["api", "PUT", path, "-d", "@-", "--type", "application/x-thing"], { stdin: "\u0000\u00ff" })).json.data.type).toBe(
      "application/x-thing",
    )
    expect((await here(["api", "GET", path])).bytes.toString()).toBe("\u0000\u00ff")
    expect(await here(["api", "HEAD", "sites"])).toMatchObject({ code: 0, stdout: "" })
    expect((await here(["api", "GET", "/health"])).code).toBe(0)
  })

  it.each<[ReadonlyArray<string>, number, string]>([
    [["GET", "nothing/here"], 3, "error: "],
    [["GET", "sites/nowhere"], 3, "nowhere"],
    [["POST", "sites", "-d", "{"], 1, "JSON"],
    [["POST", "sites", "-d", '{"site":"root"}'], 5, "root"],
    [["PUT", "config/custom.x", "-d", "@/nonexistent"], 1, "cannot read /nonexistent"],
    [["BREW", "sites"], 2, "the method is GET, HEAD, POST, PUT, PATCH, DELETE"],
  ])("ends with the code that belongs to the answer: %j", async (args, code, says) => {
    const refused = await here(["api", ...args])
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([code, "", expect.stringContaining(says)])
    expect((await here(["api", ...args, "--json"])).json.error.message).toContain(says.replace("error: ", ""))
  })

  it("asks with the credentials of every command", async () => {
    expect((await byKey(await server.key("read"), ["api", "GET", "users"])).code).toBe(4)
    expect((await runVerb(["api", "GET", "sites", "--to", `localhost:${server.port}`])).code).toBe(4)
    const page = await runVerb(["api", "GET", "/", "--to", `http://root.localhost:${server.port}`])
    expect([page.code, page.bytes.toString()]).toEqual([0, expect.stringContaining("<html")])
  })
})
