import { statSync } from "node:fs"
import * as HttpApi from "@effect/platform/HttpApi"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { localSocket } from "../../src/config.ts"
import { Api, MayAdminister, MayDeploy, MayRead } from "../../src/http/api/Api.ts"
import { apiOf, askLocally, type Api as Client, refusal, sha256 } from "../support/api.ts"
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

type Needs = "read" | "deploy" | "admin"

/** Who may do what. Each request is one that changes nothing much when it is let in. */
const policy: ReadonlyArray<readonly [endpoint: string, needs: Needs, path: string, body?: object]> = [
  ["GET /api/sites", "read", "/api/sites"],
  ["POST /api/sites", "deploy", "/api/sites", { site: "of-the-matrix" }],
  ["GET /api/sites/:site", "read", "/api/sites/root"],
  ["DELETE /api/sites/:site", "admin", `/api/sites/${nowhere}`],
  ["POST /api/sites/:site/undelete", "admin", `/api/sites/${nowhere}/undelete`],
  ["GET /api/sites/:site/files", "read", "/api/sites/root/files"],
  ["GET /api/sites/:site/history", "read", "/api/sites/root/history"],
  ["GET /api/sites/:site/diff", "read", "/api/sites/root/diff?from=live&to=live"],
  ["POST /api/sites/:site/deploys", "deploy", "/api/sites/of-the-matrix/deploys", { files: {} }],
  ["POST /api/sites/:site/rollback", "deploy", `/api/sites/${nowhere}/rollback`, {}],
  ["POST /api/blobs", "deploy", "/api/blobs"],
  ["POST /api/blobs/missing", "deploy", "/api/blobs/missing", { hashes: [hash] }],
  ["PUT /api/blobs/:hash", "deploy", `/api/blobs/${hash}`],
  ["GET /api/config", "admin", "/api/config"],
  ["GET /api/config/:key", "admin", "/api/config/limits.zip_ratio"],
  ["PUT /api/config/:key", "admin", "/api/config/limits.zip_ratio", { value: "200" }],
  ["DELETE /api/config/:key", "admin", "/api/config/limits.zip_ratio"],
  ["GET /api/keys", "admin", "/api/keys"],
  ["POST /api/keys", "admin", "/api/keys", { name: "made by the matrix", scopes: ["read"] }],
  ["DELETE /api/keys/:id", "admin", "/api/keys/000000000000"],
  ["GET /api/audit", "admin", "/api/audit?limit=1"],
  ["GET /api/audit/verify", "admin", "/api/audit/verify"],
  ["GET /api/status", "read", "/api/status"],
  ["GET /api/projections", "admin", "/api/projections"],
  ["GET /api/sites/:site/env", "deploy", "/api/sites/root/env"],
  ["PATCH /api/sites/:site/env", "admin", "/api/sites/root/env", { values: {} }],
  ["PUT /api/sites/:site/env/:name", "admin", "/api/sites/root/env/OF_THE_MATRIX", { value: "x" }],
  ["DELETE /api/sites/:site/env/:name", "admin", "/api/sites/root/env/NEVER_SET"],
  ["GET /api/sites/:site/logs", "deploy", "/api/sites/root/logs"],
  ["GET /api/sites/:site/kv", "deploy", "/api/sites/root/kv"],
  ["GET /api/sites/:site/kv/value", "deploy", "/api/sites/root/kv/value?key=x"],
  ["PUT /api/sites/:site/kv/value", "admin", "/api/sites/root/kv/value?key=of-the-matrix", { value: 1 }],
  ["DELETE /api/sites/:site/kv/value", "admin", "/api/sites/root/kv/value?key=never-set"],
  ["GET /api/sites/:site/kv/history", "deploy", "/api/sites/root/kv/history?key=x"],
  ["GET /api/logs", "deploy", "/api/logs?site_id=root"],
  ["POST /api/projections/rebuild", "admin", "/api/projections/rebuild", { projections: [] }],
]

const scopeOf = new Map<object, Needs>([
  [MayRead, "read"],
  [MayDeploy, "deploy"],
  [MayAdminister, "admin"],
])

/** Every endpoint of the contract, with the scopes that it asks for. */
const contract = (() => {
  const found: Array<{
    readonly endpoint: string
    readonly path: string
    readonly method: string
    readonly scopes: ReadonlyArray<unknown>
  }> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, path }, middleware }) =>
      found.push({ endpoint: `${method} ${path}`, path, method, scopes: [...middleware].map((tag) => scopeOf.get(tag)) }),
  })
  return found
})()

describe("the contract", () => {
  it("gives every endpoint exactly one scope, the one that the policy says", () => {
    const expected = policy.map(([endpoint, needs]) => [endpoint, [needs]])
    expect(contract.map(({ endpoint, scopes }) => [endpoint, scopes]).sort()).toEqual(expected.sort())
  })

  it("is served as an OpenAPI document that describes every endpoint and how to authenticate", async () => {
    const { status, headers, json } = await server.ask("/api/openapi.json")
    expect([status, headers["content-type"], json.openapi, json.info.title]).toEqual([200, "application/json", "3.1.0", "Fazt API"])
    const described = Object.entries<object>(json.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(contract.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`).sort())
    expect(json.components.securitySchemes.bearer).toMatchObject({ type: "http", scheme: "bearer" })
    // biome-ignore lint/suspicious/noExplicitAny: the document's operations, whatever they hold.
    const operations = Object.values<any>(json.paths).flatMap((methods) => Object.values<any>(methods))
    expect(operations.filter(({ security }) => JSON.stringify(security) !== '[{"bearer":[]}]')).toEqual([])
  })

  it("is served on the admin's hosts only, never on a site's", async () => {
    const on = async (host: string) => (await server.ask("/api/status", { host, token: adminToken })).status
    expect([await on("localhost"), await on("admin.localhost"), await on("root.localhost"), await on("example.com")]).toEqual([
      200, 200, 404, 404,
    ])
  })
})

/** The classic route stands beside the contract, with the same policy. */
const classic = zipForm(zipOf({ "index.html": "x" }), { site_name: "of-the-matrix" })
const requests: ReadonlyArray<readonly [endpoint: string, needs: Needs, path: string, request: Ask]> = [
  ...policy.map(([endpoint, needs, path, body]) => {
    const method = endpoint.slice(0, endpoint.indexOf(" "))
    const sent = method === "PUT" && path.includes("/blobs/") ? "hello" : body === undefined ? undefined : JSON.stringify(body)
    return [endpoint, needs, path, { method, ...(sent === undefined ? {} : { body: sent }) }] as const
  }),
  ["POST /api/deploy", "deploy", "/api/deploy", { method: "POST", ...classic }],
]

describe("authentication", () => {
  const unauthorized = [401, "UNAUTHORIZED"]
  const invalid = [401, "INVALID_API_KEY"]
  const forbidden = [403, "FORBIDDEN"]
  const grants: Record<Needs, ReadonlyArray<Needs>> = { read: ["read"], deploy: ["read", "deploy"], admin: ["read", "deploy", "admin"] }

  const header = new Map<string, string | undefined>()
  beforeAll(async () => {
    const revoked = await server.key("admin")
    const [, id] = revoked.split("_")
    await admin.delete(`/keys/${id}`)
    const some = await server.key("admin")
    header.set("no key", undefined)
    header.set("an empty key", "Bearer ")
    header.set("another scheme", `Basic ${Buffer.from(`owner:${some}`).toString("base64")}`)
    header.set("a good key after some other word", `Tearer ${some}`)
    header.set("no scheme", some)
    header.set("a key of another form", "Bearer secret")
    header.set("a key that does not exist", `Bearer fazt_000000000000_${"A".repeat(43)}`)
    header.set("a key with a wrong secret", `Bearer ${some.slice(0, -43)}${"A".repeat(43)}`)
    header.set("a revoked key", `Bearer ${revoked}`)
    for (const scope of ["read", "deploy", "admin"] as const) header.set(`a key that may ${scope}`, `Bearer ${await server.key(scope)}`)
  })

  const refusedEverywhere: ReadonlyArray<readonly [role: string, expected: ReadonlyArray<unknown>]> = [
    ["no key", unauthorized],
    ["an empty key", unauthorized],
    ["another scheme", unauthorized],
    ["a good key after some other word", unauthorized],
    ["no scheme", unauthorized],
    ["a key of another form", invalid],
    ["a key that does not exist", invalid],
    ["a key with a wrong secret", invalid],
    ["a revoked key", invalid],
  ]

  const ask = (path: string, request: Ask, role: string) => {
    const authorization = header.get(role)
    return server.ask(path, { ...request, headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) } })
  }

  it.each(refusedEverywhere)("with %s is refused at every endpoint", async (role, expected) => {
    const answers: Array<readonly [string, ...ReadonlyArray<unknown>]> = []
    for (const [endpoint, , path, request] of requests) answers.push([endpoint, ...refusal(await ask(path, request, role))])
    expect(answers).toEqual(requests.map(([endpoint]) => [endpoint, ...expected]))
  })

  it.each(["read", "deploy", "admin"] as const)("with a key that may %s opens what that scope includes and nothing else", async (scope) => {
    const answers: Array<readonly [string, unknown]> = []
    for (const [endpoint, , path, request] of requests) {
      const answer = await ask(path, request, `a key that may ${scope}`)
      const isLetIn = answer.status !== 401 && answer.status !== 403 && answer.status < 500
      answers.push([endpoint, isLetIn ? "let in" : refusal(answer)])
    }
    expect(answers).toEqual(requests.map(([endpoint, needs]) => [endpoint, grants[scope].includes(needs) ? "let in" : forbidden]))
  })

  it("is not asked for on the local socket, whatever key is sent, since only the owner can open it", async () => {
    const refused: Array<unknown> = []
    for (const [endpoint, , path, request] of requests) {
      for (const headers of [{}, { authorization: "Bearer nonsense" }]) {
        const { status, text } = await askLocally(server, path, { ...request, headers: { ...request.headers, ...headers } })
        if (status === 401 || status === 403 || status >= 500) refused.push([endpoint, status, text])
      }
    }
    expect(refused).toEqual([])
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
    ["a form of fields", "/api/sites", post("site=x", { "content-type": "application/x-www-form-urlencoded" }), 400, "BAD_REQUEST"],
    ["JSON sent as text", "/api/sites", post('{"site":"x"}', { "content-type": "text/plain" }), 400, "BAD_REQUEST"],
    ["JSON sent as bytes", "/api/sites", post('{"site":"x"}', { "content-type": "application/octet-stream" }), 400, "BAD_REQUEST"],
    ["a form with files", "/api/sites", { method: "POST", ...classic }, 400, "BAD_REQUEST"],
    ["a form without a boundary", "/api/sites", post("x", { "content-type": "multipart/form-data" }), 400, "BAD_REQUEST"],
    ["a body too large", "/api/sites", post(`{"site":"${"a".repeat(17 * 1024 * 1024)}"}`), 413, "PAYLOAD_TOO_LARGE"],
    ["an unknown route", "/api/nonsense", {}, 404, "NOT_FOUND"],
    ["the API's root", "/api", {}, 404, "NOT_FOUND"],
    ["an unknown part of a site", "/api/sites/root/nonsense", {}, 404, "NOT_FOUND"],
    ["a wrong method", "/api/sites", { method: "PATCH" }, 404, "NOT_FOUND"],
    ["a method that nobody knows", "/api/sites", { method: "PROPFIND" }, 404, "NOT_FOUND"],
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
    expect(answer.headers["content-type"]).toBe("application/json")
    expect(answer.json).toEqual({ error: { code, message: expect.stringMatching(/^[^\n]{10,}$/) } })
  })

  it("says which field is wrong, and how", async () => {
    const messages = [
      (await admin.post("/keys", { name: "x", scopes: ["read", "root"] })).json.error.message,
      (await admin.get("/audit?limit=0")).json.error.message,
      (await admin.post("/sites/x/deploys", { files: { "a.html": { hash: "x", size: 1 } } })).json.error.message,
    ]
    expect(messages).toEqual([
      expect.stringMatching(/^scopes\.1: .*"root"/),
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
      "/sites/bare/files": { data: [] },
      "/sites/bare/history": { data: [], meta: { next: null } },
      "/audit?actor=nobody": { data: [], meta: { next: null } },
      [`/audit?after=${json.data.head.seq}`]: { data: [], meta: { next: null } },
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
    expect((await admin.get("/sites")).json).toEqual({ data: [] })
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
