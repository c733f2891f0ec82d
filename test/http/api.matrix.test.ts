import * as HttpApi from "@effect/platform/HttpApi"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Scope } from "../../src/events/keys.ts"
import { Api } from "../../src/http/api/Api.ts"
import { policy } from "../../src/http/api/policy.ts"
import { askLocally, withoutRates } from "../support/api.ts"
import { join, type Person } from "../support/people.ts"
import {
  elsewhere,
  endpointsByPermission,
  granted,
  grantedByScope,
  limited,
  type Permission,
  publicEndpoints,
} from "../support/permissions.ts"
import { type Answer, type Ask, startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startServer()
  await withoutRates(server)
  owner = await join(server, "owner")
  for (const site of ["mine", "other"]) await owner.post("/api/sites", { site })
})
afterAll(() => server.stop())

const endpoints = Object.entries(endpointsByPermission).flatMap(([permission, paths]) =>
  paths.map((endpoint) => ({ endpoint, permission: permission as Permission })),
)

/** The endpoint's request, about this site, with nothing in it that it could do. */
const requestFor = (endpoint: string, site: string): readonly [path: string, request: Ask] => {
  const [method, pattern] = endpoint.split(" ") as [string, string]
  const path = pattern.replace(":site", site).replace("/*", "/x").replaceAll(/:\w+/g, "none")
  const query = /^\/api\/(logs|envvars)$/.test(path)
    ? `?site_id=${site}`
    : path === "/api/sites" && method === "DELETE"
      ? `?site_id=${site}`
      : ""
  // No answer that goes on for ever, and nothing that this machine may see without a key.
  const headers = { via: "1.1 test", ...(endpoint.endsWith("/live") ? { accept: "application/json" } : {}) }
  const body = ["POST", "PUT", "PATCH"].includes(method) ? bodyFor(endpoint, site) : undefined
  return [path + query, { method, headers, ...(body === undefined ? {} : { body }) }]
}

/** Most are refused for what is missing; what names a site in its body has to name it. */
const bodyFor = (endpoint: string, site: string): string => {
  if (endpoint === "POST /api/sites") return JSON.stringify({ site })
  if (endpoint === "POST /api/envvars") return JSON.stringify({ site_id: site, name: "of the matrix", value: "" })
  if (endpoint === "POST /api/projections/rebuild") return '{"projections":[]}'
  return "{}"
}

/** Whether the policy let a request through to its endpoint, whatever that then made of it. */
const isLetIn = ({ status, text }: Pick<Answer, "status" | "text">): boolean => {
  if (status >= 500) throw new Error(`${status} ${text}`)
  const code = status === 401 || status === 403 ? JSON.parse(text).error.code : ""
  return !["UNAUTHORIZED", "SESSION_EXPIRED", "INVALID_API_KEY", "FORBIDDEN"].includes(code)
}

/** Endpoints that do not say by themselves which site they are about: here whoever has the permission on some site is let in. */
const aboutNoSite: ReadonlySet<string> = new Set([
  "GET /api/sites",
  "GET /api/apps",
  "GET /api/deployments",
  "POST /api/blobs",
  "POST /api/blobs/missing",
  "PUT /api/blobs/:hash",
  // Refused for its form before it is known which site it is for; `api.deploy.test.ts` has that.
  "POST /api/deploy",
  // Names a variable by an id, and none is what it says here.
  "DELETE /api/envvars",
])

type Credential = { readonly cookie: string } | { readonly authorization: string }

const tried = async (credential: Credential | undefined, site: string) => {
  const open: Array<string> = []
  for (const { endpoint } of endpoints) {
    const [path, request] = requestFor(endpoint, site)
    const answer = await answerOf(path, { ...request, headers: { ...request.headers, ...credential } })
    if (isLetIn(answer)) open.push(endpoint)
  }
  return open
}

/** An answer that goes on is cut off as soon as it begins. */
const answerOf = (path: string, request: Ask): Promise<Pick<Answer, "status" | "text">> =>
  path === "/api/events/live" ? server.begin(path, request) : server.ask(path, request)

const expected = (permissions: ReadonlyArray<Permission>, more: ReadonlySet<string> = new Set()) =>
  endpoints.filter(({ endpoint, permission }) => permissions.includes(permission) || more.has(endpoint)).map(({ endpoint }) => endpoint)

/** On a site that is not theirs there remains what is about no site. */
const onOthers = (permissions: ReadonlyArray<Permission>) =>
  expected(elsewhere(permissions), new Set(expected(permissions).filter((endpoint) => aboutNoSite.has(endpoint))))

describe("the policy", () => {
  it("has a row for every endpoint of the contract and for every one beside it, and for nothing else", () => {
    const contract: Array<string> = []
    HttpApi.reflect(Api, { onGroup: () => {}, onEndpoint: ({ endpoint: { method, path } }) => contract.push(`${method} ${path}`) })
    const beside = ["POST /api/deploy", "GET /api/events/live", "GET /metrics", "GET /api/openapi.json", "GET /api/docs", "GET /api/docs/*"]
    expect(Object.keys(policy).sort()).toEqual([...contract, ...beside].sort())
  })

  it("asks of every endpoint what is written down a second time in the tests", () => {
    const written = [
      ...endpoints.map(({ endpoint, permission }) => [endpoint, permission]),
      ...publicEndpoints.map((endpoint) => [endpoint, "public"]),
    ]
    expect(
      Object.entries(policy)
        .map(([endpoint, { needs }]) => [endpoint, needs])
        .sort(),
    ).toEqual(written.sort())
  })

  it("says of every permission that concerns sites where the site is named", () => {
    const unsaid = Object.entries(policy).filter(([, { needs, site }]) => /^(sites|logs|env|data)\./.test(needs) && site === undefined)
    expect(unsaid).toEqual([])
  })
})

describe("every endpoint", () => {
  const roles = Object.keys(granted) as ReadonlyArray<keyof typeof granted>
  it.each(roles)("lets in a user with the role %s where the role says so, and nowhere else", async (role) => {
    const person = await join(server, role, role === "deployer" ? ["mine"] : [])
    expect(await tried({ cookie: person.cookie }, "mine")).toEqual(expected(granted[role]))
    if (role === "deployer") expect(await tried({ cookie: person.cookie }, "other")).toEqual(onOthers(granted.deployer))
  })

  const scopes = Object.keys(grantedByScope) as ReadonlyArray<Scope>
  it.each(scopes)("lets in a key with the scope %s where the scope says so, and nowhere else", async (scope) => {
    const key = async (sites?: ReadonlyArray<string>): Promise<Credential> => {
      const made = await owner.post("/api/keys", { name: "matrix", scopes: [scope], ...(sites === undefined ? {} : { sites }) })
      return { authorization: `Bearer ${made.json.data.token}` }
    }
    expect(await tried(await key(), "mine")).toEqual(expected(grantedByScope[scope]))
    const ofMine = await key(["mine"])
    expect(await tried(ofMine, "mine")).toEqual(expected(limited(grantedByScope[scope])))
    expect(await tried(ofMine, "other")).toEqual(onOthers(limited(grantedByScope[scope])))
  })

  it.each([
    ["nothing", undefined],
    ["a cookie of no session", { cookie: `fazt_session=${"A".repeat(43)}` }],
    ["a cookie of another form", { cookie: "fazt_session=x; cc_session=" }],
    ["an empty key", { authorization: "Bearer " }],
    ["another scheme", { authorization: "Basic YWRtaW46YWRtaW4=" }],
    ["a key of another form", { authorization: "Bearer secret" }],
    ["a key that does not exist", { authorization: `Bearer fazt_000000000000_${"A".repeat(43)}` }],
  ])("lets in nobody with %s", async (_, credential) => {
    expect(await tried(credential, "mine")).toEqual([])
  })

  it("lets in nobody whose key is wrong, whatever cookie is there beside it", async () => {
    const both = { cookie: owner.cookie, authorization: `Bearer fazt_000000000000_${"A".repeat(43)}` }
    expect(await tried(both, "mine")).toEqual([])
  })

  it("lets in the owner of the machine over the local socket, whatever else is sent", async () => {
    const refused: Array<unknown> = []
    for (const { endpoint } of endpoints) {
      if (endpoint.endsWith("/live")) continue
      const [path, request] = requestFor(endpoint, "mine")
      const answer = await askLocally(server, path, { ...request, headers: { ...request.headers, authorization: "Bearer nonsense" } })
      if (!isLetIn(answer)) refused.push([endpoint, answer])
    }
    expect(refused).toEqual([])
  })

  it("that is open to everybody asks for nothing", async () => {
    for (const endpoint of publicEndpoints) {
      const [path, request] = requestFor(endpoint, "mine")
      const answer = await server.ask(path, request)
      expect([endpoint, isLetIn(answer)]).toEqual([endpoint, true])
    }
  })
})
