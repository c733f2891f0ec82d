import { statSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { localSocket } from "../../src/config.ts"
import type { ErrorCode } from "../../src/errorCodes.ts"
import { apiOf, askLocally, type Api as Client, refusal, sha256 } from "../support/api.ts"
import { checkError } from "../support/checks.ts"
import { type Ask, startServer, type TestServer, zipForm } from "../support/server.ts"
import { zipOf } from "../support/zip.ts"

let server: TestServer
let admin: Client
let adminToken: string
beforeAll(async () => {
  server = await startServer()
  adminToken = await server.key("admin")
  admin = apiOf(server, adminToken)
})
afterAll(() => server.stop())

const hash = sha256("hello")
const nowhere = "no-such-site"

describe("the contract", () => {
  it("is served on the admin's hosts only, never on a site's", async () => {
    const on = async (host: string) => (await server.ask("/api/status", { host, token: adminToken })).status
    expect([await on("localhost"), await on("admin.localhost"), await on("root.localhost"), await on("example.com")]).toEqual([
      200, 200, 404, 404,
    ])
  })
})

const classic = zipForm(zipOf({ "index.html": "x" }), { site_name: "of-the-contract" })

describe("authentication", () => {
  it("is not asked for on the local socket, which only the owner can open", async () => {
    expect((await askLocally(server, "/api/config", {})).status).toBe(200)
    expect(statSync(localSocket(server.db)).mode & 0o777).toBe(0o600)
  })

  it("takes the scheme in any case and with any number of spaces", async () => {
    const statuses = ["bearer ", "BEARER ", "Bearer   "].map(
      async (scheme) => (await server.ask("/api/status", { headers: { authorization: scheme + adminToken } })).status,
    )
    expect(await Promise.all(statuses)).toEqual([200, 200, 200])
  })

  it("records who did what, and under which request's id", async () => {
    const token = await server.key("deploy")
    const [, id] = token.split("_")
    const headers = { "x-request-id": "ticket-42", authorization: `Bearer ${token}` }
    await server.ask("/api/sites", { method: "POST", body: '{"site":"of-a-key"}', headers })
    await askLocally(server, "/api/sites", { method: "POST", body: '{"site":"of-the-owner"}', headers: { "x-request-id": "bad id\t!" } })
    const { json } = await admin.get("/audit?type=SiteCreated&limit=2")
    expect(json.data).toMatchObject([
      { site: "of-the-owner", actor: "owner", cause: expect.stringMatching(/^req_[0-9a-f-]{36}$/) },
      { site: "of-a-key", actor: `key:${id}`, cause: "ticket-42" },
    ])
  })
})

describe("an error", () => {
  const json = { "content-type": "application/json" }
  type Case = readonly [what: string, path: string, request: Ask, status: number, code: string]
  const post = (body: string, headers: Record<string, string> = json): Ask => ({ method: "POST", body, headers })

  const cases: ReadonlyArray<Case> = [
    ["malformed JSON", "/api/sites", post("{bad"), 400, "INVALID_JSON"],
    ["malformed JSON in a manifest", "/api/sites/x/deploys", post("{bad"), 400, "INVALID_JSON"],
    ["no body at all", "/api/sites", { method: "POST" }, 400, "VALIDATION_FAILED"],
    ["a body that is null", "/api/sites", post("null"), 400, "VALIDATION_FAILED"],
    ["a body that is an array", "/api/sites", post("[]"), 400, "VALIDATION_FAILED"],
    ["a manifest that is null", "/api/sites/x/deploys", post("null"), 400, "VALIDATION_FAILED"],
    ["a manifest whose files are an array", "/api/sites/x/deploys", post('{"files":[1]}'), 400, "VALIDATION_FAILED"],
    ["a missing field", "/api/sites", post("{}"), 400, "VALIDATION_FAILED"],
    ["a wrong type", "/api/sites", post('{"site":5}'), 400, "VALIDATION_FAILED"],
    ["a wrong type inside a list", "/api/blobs/missing", post('{"hashes":[5]}'), 400, "VALIDATION_FAILED"],
    ["a hash in capitals", "/api/blobs/missing", post(`{"hashes":["${hash.toUpperCase()}"]}`), 400, "VALIDATION_FAILED"],
    [
      "a form of fields",
      "/api/sites",
      post("site=x", { "content-type": "application/x-www-form-urlencoded" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["JSON sent as text", "/api/sites", post('{"site":"x"}', { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
    [
      "JSON sent as bytes",
      "/api/sites",
      post('{"site":"x"}', { "content-type": "application/octet-stream" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["a form with files", "/api/sites", { method: "POST", ...classic }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a form without a boundary", "/api/sites", post("x", { "content-type": "multipart/form-data" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a body too large", "/api/sites", post(`{"site":"${"a".repeat(17 * 1024 * 1024)}"}`), 413, "PAYLOAD_TOO_LARGE"],
    ["an unknown route", "/api/nonsense", {}, 404, "NOT_FOUND"],
    ["the API's root", "/api", {}, 404, "NOT_FOUND"],
    ["an unknown part of a site", "/api/sites/root/nonsense", {}, 404, "NOT_FOUND"],
    ["a wrong method", "/api/sites", { method: "PATCH" }, 405, "METHOD_NOT_ALLOWED"],
    ["a method that nobody knows", "/api/sites", { method: "PROPFIND" }, 405, "METHOD_NOT_ALLOWED"],
    ["an unknown site", `/api/sites/${nowhere}`, {}, 404, "SITE_NOT_FOUND"],
    ["an unknown key", "/api/keys/000000000000", { method: "DELETE" }, 404, "KEY_NOT_FOUND"],
    ["an unknown setting", "/api/config/limits.nonsense", {}, 400, "VALIDATION_FAILED"],
    ["a setting named like a part of every object", "/api/config/constructor", {}, 400, "VALIDATION_FAILED"],
    ["an unknown setting that is set", "/api/config/nonsense", { method: "PUT", body: '{"value":"1"}' }, 400, "VALIDATION_FAILED"],
    ["an unknown setting that is unset", "/api/config/nonsense", { method: "DELETE" }, 400, "VALIDATION_FAILED"],
    ["a value that is no number", "/api/config/limits.zip_ratio", { method: "PUT", body: '{"value":"many"}' }, 400, "VALIDATION_FAILED"],
    ["a value out of bounds", "/api/config/limits.zip_ratio", { method: "PUT", body: '{"value":"0"}' }, 400, "VALIDATION_FAILED"],
    ["a number where text is meant", "/api/config/limits.zip_ratio", { method: "PUT", body: '{"value":5}' }, 400, "VALIDATION_FAILED"],
    ["a parameter that is missing", "/api/sites/root/diff?from=live", {}, 400, "VALIDATION_FAILED"],
    ["a parameter given twice", "/api/audit?limit=1&limit=2", {}, 400, "VALIDATION_FAILED"],
    ["a parameter that is no boolean", "/api/sites?deleted=maybe", {}, 400, "VALIDATION_FAILED"],
    ["a key without scopes", "/api/keys", post('{"name":"x","scopes":[]}'), 400, "VALIDATION_FAILED"],
    ["a key with an unknown scope", "/api/keys", post('{"name":"x","scopes":["root"]}'), 400, "VALIDATION_FAILED"],
    ["a key without a name", "/api/keys", post('{"name":"","scopes":["read"]}'), 400, "VALIDATION_FAILED"],
    ["a key with an endless name", "/api/keys", post(`{"name":"${"x".repeat(65)}","scopes":["read"]}`), 400, "VALIDATION_FAILED"],
    ["an unknown projection", "/api/projections/rebuild", post('{"projections":["nonsense"]}'), 400, "VALIDATION_FAILED"],
    ["a blob named by no hash", "/api/blobs/nonsense", { method: "PUT", body: "x" }, 400, "VALIDATION_FAILED"],
    ["a classic deploy that is no POST", "/api/deploy", {}, 400, "BAD_REQUEST"],
  ]

  it.each(cases)("for %s has its status, and a code and a message in the envelope", async (_what, path, request, status, code) => {
    const answer = await server.ask(path, { ...request, token: adminToken })
    expect(refusal(answer)).toEqual([status, code])
    const { message, details } = checkError(answer, code as ErrorCode)
    expect(message).toMatch(/^[^\n]{10,}$/)
    if (code !== "VALIDATION_FAILED") return
    expect(details.issues).not.toEqual([])
    for (const { constraint } of details.issues) expect(constraint).toMatch(/\S/)
  })

  it("says which field is wrong, and how", async () => {
    const messages = [
      (await admin.post("/keys", { name: "x", scopes: ["read", "root"] })).json.error.message,
      (await admin.get("/audit?limit=0")).json.error.message,
      (await admin.post("/sites/x/deploys", { files: { "a.html": { hash: "x", size: 1 } } })).json.error.message,
    ]
    expect(messages).toEqual([
      expect.stringMatching(/^scopes\.1: Expected one of read, .*"root"$/),
      "limit: Expected a number between 1 and 1000, actual 0",
      expect.stringMatching(/files\.a\.html\.hash/),
    ])
  })

  it("leaves the connection and the server in order", async () => {
    for (const [, path, request] of cases) await server.ask(path, { ...request, token: adminToken })
    expect((await admin.get("/status")).status).toBe(200)
  })
})

describe("a list", () => {
  it("is [] when it is empty, never null", async () => {
    await admin.post("/sites", { site: "bare" })
    const { json } = await admin.get("/status")
    const lists = {
      "/sites/bare/files": { data: [], meta: { total: 0, limit: 1000, offset: 0 } },
      "/sites/bare/history": { data: [], meta: { limit: 50, next: null } },
      "/audit?actor=nobody": { data: [], meta: { limit: 50, next: null } },
      [`/audit?after=${json.data.head.seq}`]: { data: [], meta: { limit: 50, next: null } },
      "/sites/root/diff?from=live&to=live&text=true": {
        data: expect.objectContaining({ added: [], changed: [], removed: [], patches: [] }),
      },
    }
    for (const [path, expected] of Object.entries(lists)) expect([path, (await admin.get(path)).json]).toEqual([path, expected])
    expect((await admin.post("/blobs/missing", { hashes: [] })).json).toEqual({ data: { missing: [] } })
  })

  it("of sites is [] when all are deleted", async () => {
    const names = async () => (await admin.get("/sites")).json.data.map(({ site }: { readonly site: string }) => site)
    for (const site of await names()) await admin.delete(`/sites/${site}`)
    expect((await admin.get("/sites")).json).toEqual({ data: [], meta: { total: 0, limit: 100, offset: 0 } })
    expect((await admin.get("/sites?deleted=true")).json.data.length).toBeGreaterThanOrEqual(2)
  })
})

describe("the status", () => {
  it("tells the version, the chain's head and how large the cartridge is", async () => {
    const { json } = await admin.get("/status")
    expect(json.data).toMatchObject({
      status: "healthy",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      domain: "localhost",
      port: server.port,
      head: { seq: expect.any(Number), hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      database: { path: server.db, size_bytes: expect.any(Number) },
      read_only: null,
    })
  })
})
