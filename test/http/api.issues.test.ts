import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, publish } from "../support/api.ts"
import { checkError } from "../support/checks.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("admin"))
  await publish(api, "blog", { "index.html": "hello" })
})
afterAll(() => server.stop())

const item = "/sites/blog/documents/item?collection=posts"
const file = { hash: "0".repeat(64), size: 1 }

describe("a refusal with VALIDATION_FAILED names the field and the constraint of", () => {
  // biome-ignore format: a table.
  it.each<[what: string, method: "GET" | "POST" | "PUT", path: string, body: unknown, field: string, constraint: RegExp]>([
    ["a site's name", "POST", "/sites", { site: "-x" }, "site", /^use 1 to 63/],
    ["a reserved name", "POST", "/sites", { site: "admin" }, "site", /reserved/],
    ["a site's name in a path", "POST", "/sites/www/deploys", { files: { "a.html": file } }, "site", /reserved/],
    ["a body that is none", "POST", "/sites", 5, "", /^an object with site$/],
    ["a setting's name", "PUT", "/config/nonsense", { value: "1" }, "key", /^one of server\.domain, .*custom\.colour$/],
    ["a setting's name that is read", "GET", "/config/nonsense", undefined, "key", /^one of /],
    ["a setting's value", "PUT", "/config/server.port", { value: "many" }, "value", /^use a whole number/],
    ["a variable's name", "PUT", "/sites/blog/env/a-b", { value: "1" }, "name", /^use at most 128 capital/],
    ["a variable's value", "PUT", "/sites/blog/env/A", { value: "a\0b" }, "value", /NUL/],
    ["an origin", "PUT", "/sites/blog/cors", { origins: ["example.com"] }, "origins", /is no origin/],
    ["no origin", "PUT", "/sites/blog/cors", { origins: [] }, "origins", /at least one/],
    ["a method", "PUT", "/sites/blog/cors", { origins: ["*"], methods: ["get"] }, "methods", /capitals/],
    ["a header", "PUT", "/sites/blog/cors", { origins: ["*"], headers: ["a b"] }, "headers", /no header's name/],
    ["credentials for all", "PUT", "/sites/blog/cors", { origins: ["*"], credentials: true }, "credentials", /every origin/],
    ["an age", "PUT", "/sites/blog/cors", { origins: ["*"], max_age: 1e6 }, "max_age", /at most 86400/],
    ["a moment", "GET", "/audit?since=soon", undefined, "since", /^a time span/],
    ["a moment of logs", "GET", "/sites/blog/logs?since=soon", undefined, "since", /^a time span/],
    ["a projection", "POST", "/projections/rebuild", { projections: ["nonsense"] }, "projections", /sites/],
    ["a cursor of documents", "GET", "/sites/blog/documents/items?collection=posts&cursor=x", undefined, "cursor", /not one/],
    ["a query that is no JSON", "GET", "/sites/blog/documents/items?collection=posts&query=x", undefined, "query", /no JSON/],
    ["a query that is none", "GET", "/sites/blog/documents/items?collection=posts&query=5", undefined, "query", /object/],
    ["a collection", "GET", "/sites/blog/documents/items?collection=a/b", undefined, "collection", /cannot be called/],
    ["a document's id", "PUT", `${item}&id=`, { data: {} }, "id", /cannot be ""/],
    ["an id within a document", "PUT", `${item}&id=a`, { data: { id: "b" } }, "data.id", /another id/],
    ["a document's data", "PUT", `${item}&id=a`, { data: 5 }, "data", /^a JSON object$/],
    ["a key of a site", "PUT", "/sites/blog/kv/value?key=", { value: 1 }, "key", /\S/],
    ["an object's path", "PUT", "/sites/blog/objects/content?path=", undefined, "path", /\S/],
    ["a deployer without sites", "POST", "/invitations", { role: "deployer" }, "sites", /at least one site/],
    ["a viewer with sites", "POST", "/invitations", { role: "viewer", sites: ["a"] }, "sites", /name none/],
    ["an empty manifest", "POST", "/sites/blog/deploys", {}, "files", /^is missing$/],
    ["a manifest that is none", "POST", "/sites/blog/deploys", 5, "", /^an object$/],
    ["a manifest's files", "POST", "/sites/blog/deploys", { files: [1] }, "files", /^an object$/],
    ["a file's size", "POST", "/sites/blog/deploys", { files: { "a.html": { ...file, size: -1 } } }, "files.a.html.size", /^a number from 0$/],
    ["a file's hash", "POST", "/sites/blog/deploys", { files: { "a.html": { ...file, hash: "x" } } }, "files.a.html.hash", /pattern/],
    ["a scope", "POST", "/keys", { name: "x", scopes: ["read", "bogus"] }, "scopes.1", /^one of read, deploy, .*, admin$/],
    ["a flag", "GET", "/sites?deleted=1", undefined, "deleted", /^true or false$/],
    ["a number", "GET", "/sites?limit=abc", undefined, "limit", /^a number$/],
  ])("%s", async (_what, method, path, body, field, constraint) => {
    const { message, details } = checkError(await api.send(method, path, body), "VALIDATION_FAILED")
    expect(message).toMatch(/^[^\n]{10,}$/)
    expect(details).toEqual({ issues: [{ field, constraint: expect.stringMatching(constraint) }] })
  })
})
