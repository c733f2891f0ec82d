import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { query, withoutRates } from "../support/api.ts"
import { checkError } from "../support/checks.ts"
import { type Described, type Document, operationsOf } from "../support/openapi.ts"
import { join, type Person, send } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let owner: Person
let operations: ReadonlyArray<Described>
beforeAll(async () => {
  server = await startServer()
  await withoutRates(server)
  owner = await join(server, "owner")
  const document: Document = (await server.ask("/api/openapi.json")).json
  operations = operationsOf(document)
})
afterAll(() => server.stop())

/** What clients of Fazt 0.9 ask for, by whatever they send. */
const ofOldClients: ReadonlySet<string> = new Set([
  "POST /api/login",
  "POST /api/auth/login",
  "POST /api/auth/invite/{code}",
  "POST /api/users/role",
  "POST /api/envvars",
  "POST /api/deploy",
  "GET /api/apps",
  "GET /api/apps/{site}/files",
  "GET /api/envvars",
  "DELETE /api/envvars",
  "DELETE /api/keys",
  "DELETE /api/sites",
  "GET /api/logs",
])

/** Bodies are looked at first, so they have to be good. */
const bodies: Readonly<Record<string, object>> = {
  "PUT /api/sites/{site}/documents/item": { data: {} },
  "PUT /api/sites/{site}/kv/value": { value: 1 },
}

const events = (): number =>
  query<{ n: number }>(server, "SELECT count(*) AS n FROM events WHERE type NOT IN ('v1.KeyUsed', 'v1.SessionSeen')")[0]!.n

const filled = (path: string): string => path.replaceAll("{site}", "root").replaceAll(/\{[^}]*\}/g, "x")

describe("a name that an endpoint does not know", () => {
  it("in a body is refused and told, and nothing is done", async () => {
    const before = events()
    let tried = 0
    for (const { method, path, operation } of operations) {
      if (operation.requestBody?.content["application/json"] === undefined || ofOldClients.has(`${method} ${path}`)) continue
      tried++
      const answer = await send(server, owner.cookie, method, filled(path), { no_such_field: 1 })
      const { details, message } = checkError(answer, "VALIDATION_FAILED")
      expect([method, path, details.issues.map(({ field }: { readonly field: string }) => field)]).toEqual([
        method,
        path,
        expect.arrayContaining(["no_such_field"]),
      ])
      expect(message).toContain("no_such_field")
    }
    expect(tried).toBeGreaterThan(20)
    expect(events()).toBe(before)
  })

  it("among the parameters is refused and told, and nothing is done", async () => {
    const before = events()
    let tried = 0
    for (const { method, path, operation } of operations) {
      const hasParameters = (operation.parameters ?? []).some((parameter) => parameter.in === "query")
      if (!hasParameters || ofOldClients.has(`${method} ${path}`)) continue
      tried++
      const body = operation.requestBody?.content["application/json"] === undefined ? undefined : (bodies[`${method} ${path}`] ?? {})
      const answer = await send(server, owner.cookie, method, `${filled(path)}?no_such_parameter=1`, body)
      const { details } = checkError(answer, "VALIDATION_FAILED")
      expect([method, path, details.issues[0].field]).toEqual([method, path, "no_such_parameter"])
    }
    expect(tried).toBeGreaterThan(20)
    expect(events()).toBe(before)
  })

  it("does not make more of a request than was meant", async () => {
    const wrong: ReadonlyArray<readonly [string, string, unknown]> = [
      ["POST", "/api/sites/root/rollback", { deploy: "zzz" }],
      ["POST", "/api/keys", { name: "ci", scopes: ["deploy"], site: ["root"], expires: "1d" }],
      ["PUT", "/api/sites/root/kv/value?key=a", { value: 1, ttl: 5000 }],
      ["DELETE", "/api/sites/root/kv/value?key=a&if_verson=7", undefined],
      ["POST", "/api/projections/rebuild", { names: ["nope"] }],
    ]
    const before = events()
    for (const [method, path, body] of wrong) checkError(await send(server, owner.cookie, method, path, body), "VALIDATION_FAILED")
    expect(events()).toBe(before)
  })
})

describe("a body that is nested without end", () => {
  const deep = (levels: number, around: (value: string) => string) => around(`${"[".repeat(levels)}${"]".repeat(levels)}`)

  it.each([
    ["POST", "/api/login", 50_000, (value: string) => `{"username":${value},"password":"x"}`],
    ["POST", "/api/auth/invite/x", 50_000, (value: string) => `{"username":${value}}`],
    ["POST", "/api/keys", 50_000, (value: string) => `{"name":"x","scopes":${value}}`],
    ["PATCH", "/api/sites/root/env", 30_000, (value: string) => `{"values":${value}}`],
    ["PUT", "/api/sites/root/kv/value?key=a", 2_000_000, (value: string) => `{"value":${value}}`],
    ["POST", "/api/sites/root/deploys", 500_000, (value: string) => `{"files":${value}}`],
  ] as const)("is refused at once: %s %s", async (method, path, levels, around) => {
    const answer = await server.ask(path, {
      method,
      body: deep(levels, around),
      headers: { cookie: owner.cookie, "content-type": "application/json" },
    })
    checkError(answer, "INVALID_JSON")
  })
})
