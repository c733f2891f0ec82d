import { gunzipSync } from "node:zlib"
import * as HttpApi from "@effect/platform/HttpApi"
import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { errorCodes } from "../../src/errorCodes.ts"
import { Api } from "../../src/http/api/Api.ts"
import { rawAnswers } from "../../src/http/api/openapi/plain.ts"
import { plainSchema } from "../../src/http/api/openapi/schemas.ts"
import { type OpenApiDocument, openApiDocument } from "../../src/http/api/openapi.ts"
import { policy, rolePermissions, scopePermissions } from "../../src/http/api/policy.ts"
import { version } from "../../src/resources.ts"
import { openApiSchema } from "../support/openApiSchema.ts"
import { startServer, type TestServer } from "../support/server.ts"

// biome-ignore lint/suspicious/noExplicitAny: the document is looked into as it is on the wire.
type Json = any

const document: Json = JSON.parse(JSON.stringify(openApiDocument()))

interface Operation {
  /** As the policy names it. */
  readonly endpoint: string
  readonly method: string
  readonly path: string
  readonly of: Json
}
const operations: ReadonlyArray<Operation> = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
  Object.entries<Json>(methods).map(([method, of]) => ({
    endpoint: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
    method,
    path,
    of,
  })),
)

/** Everything in a JSON value that is an object, with where it is. */
function* everything(value: Json, at = "#"): Generator<readonly [at: string, object: Json]> {
  if (typeof value !== "object" || value === null) return
  if (!Array.isArray(value)) yield [at, value]
  for (const [name, member] of Object.entries(value)) yield* everything(member, `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)
}

const newAjv = () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  return ajv
}

describe("the OpenAPI document", () => {
  it("is one of OpenAPI 3.1", () => {
    const ajv = newAjv()
    const isOpenApi = ajv.compile(openApiSchema)
    expect([isOpenApi(document), ajv.errorsText(isOpenApi.errors)]).toEqual([true, "No errors"])
  })

  it.each<readonly [string, (broken: Json) => void]>([
    ["a field that OpenAPI does not have", (broken) => (broken.paths["/api/audit"].get.nonsense = 1)],
    ["no title", (broken) => delete broken.info.title],
    ["an answer without a description", (broken) => delete broken.paths["/api/audit"].get.responses["200"].description],
    ["a path parameter that is not required", (broken) => (broken.paths["/api/keys/{id}"].get.parameters[0].required = false)],
    ["a schema of an unknown type", (broken) => (broken.components.schemas.ApiKey.properties.id.type = "text")],
    ["a component with a name that no reference can have", (broken) => (broken.components.schemas["Api Key"] = {})],
  ])("would not be one with %s", (_, breaks) => {
    const broken = structuredClone(document)
    breaks(broken)
    expect(newAjv().compile(openApiSchema)(broken)).toBe(false)
  })

  it("refers only to what there is, and has no component that nothing refers to", () => {
    const refs = [...everything(document)].flatMap(([at, { $ref }]) => ($ref === undefined ? [] : [[at, $ref] as const]))
    const there = new Set([...everything(document)].map(([at]) => at))
    expect(refs.filter(([, ref]) => !there.has(ref))).toEqual([])
    const used = new Set(refs.map(([, ref]) => ref))
    for (const kind of ["schemas", "headers"]) {
      expect(Object.keys(document.components[kind]).filter((name) => !used.has(`#/components/${kind}/${name}`))).toEqual([])
    }
  })

  it("has schemas that can be used, each of them", () => {
    const ajv = newAjv()
    ajv.addSchema(document, "openapi.json")
    // Most failures are told of again and again in the same words.
    const places = new Map<string, string>()
    for (const [at, { schema }] of everything(document)) if (schema !== undefined) places.set(JSON.stringify(schema), `${at}/schema`)
    for (const [name, schema] of Object.entries(document.components.schemas))
      places.set(JSON.stringify(schema), `#/components/schemas/${name}`)
    expect(places.size).toBeGreaterThan(100)
    for (const place of places.values()) ajv.compile({ $ref: `openapi.json${encodeURI(place)}` })
  })

  it("has every endpoint of the contract, of the policy, and nothing else", () => {
    const contract: Array<string> = []
    HttpApi.reflect(Api, { onGroup: () => {}, onEndpoint: ({ endpoint: { method, path } }) => contract.push(`${method} ${path}`) })
    const told = operations.map(({ endpoint }) => endpoint.replace(/:path$/, "*")).sort()
    expect(told.filter((endpoint) => contract.includes(endpoint))).toEqual(contract.sort())
    const inPolicy = Object.keys(policy).filter((endpoint) => endpoint !== "GET /api/docs/*")
    expect(told).toEqual([...inPolicy, "GET /health"].sort())
  })

  it("names each operation once, under a group that is described, and says what it is for", () => {
    const ids = operations.map(({ of }) => of.operationId)
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
    expect(document.tags.filter(({ description }: Json) => !/^[A-Z].*\.$/.test(description ?? ""))).toEqual([])
    const tags = document.tags.map(({ name }: Json) => name)
    for (const { endpoint, of } of operations) {
      expect([endpoint, of.tags.length, tags.includes(of.tags[0]), of.operationId.split(".")[0]]).toEqual([endpoint, 1, true, of.tags[0]])
      expect([endpoint, of.summary]).toEqual([endpoint, expect.stringMatching(/^[A-Z][^\n]*[^.]$/)])
    }
  })

  it("has a parameter for each name in a path, and none twice", () => {
    for (const { endpoint, path, of } of operations) {
      const parameters: ReadonlyArray<Json> = of.parameters ?? []
      const inPath = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)
      expect([endpoint, inPath.sort()]).toEqual([endpoint, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()])
      const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name}`)
      expect([endpoint, new Set(keys).size]).toEqual([endpoint, keys.length])
      expect(path).not.toContain("*")
    }
  })

  it("says of what stands in an address which numbers it may be", () => {
    const { parameters } = document.paths["/api/audit"].get
    const schemaOf = (name: string) => parameters.find((parameter: Json) => parameter.name === name).schema
    expect(schemaOf("limit")).toEqual({ type: "integer", minimum: 1, maximum: 1000, default: 50 })
    expect(schemaOf("after")).toEqual({ type: "integer", minimum: 0 })
    expect(schemaOf("wait")).toEqual({ type: "number", minimum: 0, maximum: 30, default: 0 })
    expect(document.components.schemas.Time).toEqual({ type: "string", format: "date-time" })
  })

  it("says who may use each endpoint, as the policy has it", () => {
    for (const { endpoint, of } of operations) {
      const rule = policy[endpoint.replace(/:path$/, "*")]
      if (rule === undefined || rule.needs === "public") {
        expect([endpoint, of.security]).toEqual([endpoint, []])
        continue
      }
      const { needs } = rule
      const isForPeople = needs === "account"
      expect([endpoint, of["x-permission"], of.security]).toEqual([
        endpoint,
        needs,
        isForPeople ? [{ session: [] }] : [{ key: [] }, { session: [] }],
      ])
      expect(of.description).toContain(isForPeople ? "logged in" : `\`${needs}\``)
      expect(of["x-roles"]).toEqual(Object.entries(rolePermissions).flatMap(([role, granted]) => (granted.has(needs) ? [role] : [])))
      expect(of["x-scopes"]).toEqual(Object.entries(scopePermissions).flatMap(([scope, granted]) => (granted.has(needs) ? [scope] : [])))
    }
    expect(Object.keys(document.components.securitySchemes)).toEqual(["key", "session"])
  })

  it("has each failure in the envelope, with the codes of its status", () => {
    const told = new Set<string>()
    for (const { endpoint, method, of } of operations) {
      if (!endpoint.includes("/api/") || /docs|openapi/.test(endpoint)) continue
      // What is sent as files are is refused as files are, too.
      const asFiles = of.operationId in rawAnswers ? ["412", "416"] : []
      const failures = Object.entries<Json>(of.responses).filter(([status]) => Number(status) >= 400 && !asFiles.includes(status))
      const expected =
        method === "get" ? [400, 401, 403, 404, 405, 414, 429, 500, 503] : [400, 401, 403, 404, 405, 409, 413, 414, 415, 429, 500, 503, 507]
      expect([endpoint, failures.map(([status]) => Number(status))]).toEqual([endpoint, expected])
      for (const [status, { content }] of failures) {
        const name = content["application/json"].schema.$ref.split("/").at(-1)
        const { error } = document.components.schemas[name].properties
        expect(error.required).toEqual(["code", "message"])
        for (const code of error.properties.code.enum) {
          expect([code, errorCodes[code as keyof typeof errorCodes]]).toEqual([code, Number(status)])
          told.add(code)
        }
      }
      expect(of.responses["429"].headers).toHaveProperty("Retry-After")
      expect(of.responses["405"].headers).toHaveProperty("Allow")
    }
    expect([...told].sort()).toEqual(Object.keys(errorCodes).sort())
  })

  it("tells of limits with every success of the API", () => {
    for (const { endpoint, of } of operations) {
      if (!endpoint.includes("/api/") || /docs|openapi/.test(endpoint)) continue
      const [, success] = Object.entries<Json>(of.responses).find(([status]) => Number(status) < 300)!
      expect([endpoint, Object.keys(success.headers)]).toEqual([endpoint, ["RateLimit", "RateLimit-Policy"]])
    }
  })

  it("tells what bodies are that are no JSON", () => {
    const bodyOf = (path: string, method: string) => document.paths[path][method].requestBody
    expect(Object.keys(bodyOf("/api/blobs/{hash}", "put").content)).toEqual(["application/octet-stream"])
    expect(Object.keys(bodyOf("/api/blobs", "post").content)).toEqual(["application/octet-stream"])
    expect(Object.keys(bodyOf("/api/sites/{site}/objects/content", "put").content)).toEqual(["*/*"])
    expect(bodyOf("/api/deploy", "post").content["multipart/form-data"].schema.required).toEqual(["site_name", "file"])
    expect(Object.keys(document.paths["/api/events/live"].get.responses["200"].content)).toEqual(["text/event-stream"])
    expect(operations.filter(({ method, of }) => method === "get" && of.requestBody !== undefined)).toEqual([])
    const statuses = Object.keys(document.paths["/api/sites/{site}/files/{path}"].get.responses)
    expect(statuses).toEqual(expect.arrayContaining(["200", "206", "304", "412", "416"]))
  })

  it("says nothing of how the framework names things", () => {
    const text = JSON.stringify(document)
    expect(text).not.toMatch(/HttpApiDecodeError|nonNegative|a string to be decoded|"title":"(int|between|minLength|maxLength)/)
    expect(document.components.schemas).not.toHaveProperty("Int")
  })

  it("is made anew each time from the same, and says the same", () => {
    const again: OpenApiDocument = openApiDocument()
    expect(JSON.parse(JSON.stringify(again))).toEqual(document)
    expect(document.info).toMatchObject({ title: "Fazt API", version })
  })
})

describe("a schema in the document", () => {
  it.each<readonly [string, unknown, unknown]>([
    ["a field called title", { properties: { title: { type: "string", title: "int" } } }, { properties: { title: { type: "string" } } }],
    ["a field called description", { properties: { description: { $ref: "#/x" } } }, { properties: { description: { $ref: "#/x" } } }],
    ["a description of our own", { type: "string", description: "Bytes." }, { type: "string", description: "Bytes." }],
    ["one that was made up", { minimum: 0, description: "a non-negative number", title: "nonNegative" }, { minimum: 0 }],
    ["anything at all", { $id: "/schemas/unknown", title: "unknown" }, {}],
    ["a whole number", { $ref: "#/components/schemas/Int", minimum: 1 }, { type: "integer", minimum: 1 }],
    ["values that look like schemas", { enum: ["a b"], default: { title: "x" } }, { enum: ["a b"], default: { title: "x" } }],
    ["schemas in lists", { anyOf: [{ title: "x", type: "null" }, true] }, { anyOf: [{ type: "null" }, true] }],
  ])("keeps %s as it should be", (_, schema, plain) => expect(plainSchema(schema)).toEqual(plain))
})

describe("GET /api/openapi.json", () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ domain: "example.com" })
  })
  afterAll(() => server.stop())
  const path = "/api/openapi.json"

  it("is there for everybody on the server's own hosts, and there alone", async () => {
    const answer = await server.ask(path, { host: "admin.example.com" })
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"])
    expect(answer.json).toEqual(document)
    expect((await server.ask(path, { host: "blog.example.com" })).status).toBe(404)
    const head = await server.ask(path, { method: "HEAD" })
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", answer.headers["content-length"]])
    expect((await server.ask(path, { method: "POST" })).status).toBe(405)
  })

  it("is sent once, and compressed where the client can read that", async () => {
    const plain = await server.ask(path)
    const gzip = await server.ask(path, { headers: { "accept-encoding": "gzip, br" } })
    expect([gzip.headers["content-encoding"], plain.headers["content-encoding"], plain.headers.vary]).toEqual([
      "gzip",
      undefined,
      "Accept-Encoding",
    ])
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
    expect(gzip.headers.etag).not.toBe(plain.headers.etag)
    for (const tag of [plain.headers.etag!, gzip.headers.etag!, `"other", ${plain.headers.etag}`, `W/${plain.headers.etag}`]) {
      const again = await server.ask(path, { headers: { "if-none-match": tag } })
      expect([tag, again.status, again.text]).toEqual([tag, 304, ""])
    }
    expect((await server.ask(path, { headers: { "if-none-match": '"other"' } })).status).toBe(200)
  })
})
