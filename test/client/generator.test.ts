import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { declarationsText } from "../../packages/client/generator/declarations.ts"
import type { DocumentOperation, JsonSchema, OpenApiDocument } from "../../packages/client/generator/document.ts"
import { operationsOf } from "../../packages/client/generator/operations.ts"
import { lineOf } from "../../packages/client/generator/table.ts"
import { docComment, typeText } from "../../packages/client/generator/typeText.ts"

const text: JsonSchema = { type: "string" }
const object = (properties: Record<string, JsonSchema>, required: ReadonlyArray<string> = Object.keys(properties)): JsonSchema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
})

const documentOf = (
  paths: Record<string, Record<string, Partial<DocumentOperation>>>,
  schemas: Record<string, JsonSchema> = {},
): OpenApiDocument => ({
  paths: Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([method, operation]) => [method, { operationId: "notes.do", responses: { 204: {} }, ...operation }]),
      ),
    ]),
  ),
  components: { schemas },
})

const json = (schema: JsonSchema) => ({ content: { "application/json": { schema } } })
const data = (schema: JsonSchema) => json(object({ data: schema }))
const query = (name: string, required = false) => ({ name, in: "query", required, schema: text })
const inPath = (name: string) => ({ name, in: "path", required: true, schema: text })

const components: Record<string, JsonSchema> = {
  Draft: object({ title: text }, []),
  Note: object({ id: text, title: text }, ["id"]),
  Time: { ...text, description: "In UTC." },
}

describe("a schema as a type", () => {
  const cases: ReadonlyArray<readonly [JsonSchema, string]> = [
    [text, "string"],
    [{ type: "integer" }, "number"],
    [{ type: "number" }, "number"],
    [{ type: "boolean" }, "boolean"],
    [{ type: "null" }, "null"],
    [{}, "unknown"],
    [{ type: ["string", "null"] }, "string | null"],
    [{ type: "string", nullable: true }, "string | null"],
    [{ enum: ["a", 1, null] }, '"a" | 1 | null'],
    [{ const: "a" }, '"a"'],
    [{ anyOf: [text, { type: "null" }] }, "string | null"],
    [{ oneOf: [{ type: "integer" }, { type: "number" }] }, "number"],
    [{ anyOf: [text, {}] }, "unknown"],
    [{ anyOf: [{ allOf: [{ $ref: "#/components/schemas/Note" }, {}] }, text] }, "((Note) & (unknown)) | string"],
    [{ type: "array", items: { enum: ["a", "b"] } }, 'Array<"a" | "b">'],
    [{ type: "array" }, "Array<unknown>"],
    [{ type: "array", prefixItems: [text, { type: "integer" }], items: false }, "[string, number]"],
    [{ type: "object", additionalProperties: { type: "integer" } }, "Record<string, number>"],
    [{ type: "object" }, "Record<string, unknown>"],
    [object({ a: text, "b-c": text }, ["a"]), '{\na: string\n"b-c"?: string\n}'],
    [{ ...object({ a: text }), additionalProperties: text }, "{\na: string\n} & Record<string, string>"],
    [{ properties: { a: text } }, "{\na?: string\n}"],
    [{ $ref: "#/components/schemas/Note" }, "Note"],
    [{ $ref: "#/components/schemas/Time" }, "string"],
    [object({ at: { $ref: "#/components/schemas/Time" } }), "{\n/** In UTC. */\nat: string\n}"],
  ]
  it.each(cases)("%j is %s", (schema, expected) => {
    expect(typeText(schema, { document: documentOf({}, components), given: false })).toBe(expected)
  })

  it("lets callers give what cannot be changed, and nothing for what may be left out", () => {
    const schema = object({ a: { type: "array", items: text }, b: text, c: {} }, ["a"])
    const expected = "{\nreadonly a: ReadonlyArray<string>\nreadonly b?: string | undefined\nreadonly c?: unknown\n}"
    expect(typeText(schema, { document: documentOf({}), given: true })).toBe(expected)
  })

  it("does not let a description end its comment", () => {
    expect(docComment("a */ b")).toBe("/** a *\\/ b */\n")
    expect(docComment("a\n\nb", undefined)).toBe("/**\n * a\n *\n * b\n */\n")
    expect(docComment(undefined)).toBe("")
  })

  it("refuses a reference to what is not there", () => {
    expect(() => typeText({ $ref: "#/components/schemas/Nothing" }, { document: documentOf({}), given: false })).toThrow(
      "no component Nothing",
    )
    expect(() => typeText({ $ref: "#/paths/x" }, { document: documentOf({}), given: false })).toThrow("leads to no component")
  })
})

describe("an operation in one line", () => {
  const list = (meta: JsonSchema) => ({ 200: json(object({ data: { type: "array", items: text }, meta })) })
  const cursor = object({ limit: text, next: text })
  const cases: ReadonlyArray<readonly [method: string, path: string, Partial<DocumentOperation>, line: string]> = [
    ["get", "/api/notes/{id}", { parameters: [inPath("id"), query("full")], responses: { 200: data(text) } }, "GET /api/notes/{id}"],
    ["get", "/api/notes/{id}/{path}", { parameters: [inPath("id"), inPath("path")] }, "GET /api/notes/{id}/{path*} nothing"],
    [
      "get",
      "/n",
      { responses: list(object({ total: text, limit: text, offset: text })), parameters: [query("offset")] },
      "GET /n by=offset",
    ],
    ["get", "/n", { responses: list(cursor), parameters: [query("after"), query("before")] }, "GET /n by=before"],
    ["get", "/n", { responses: list(cursor), parameters: [query("cursor"), query("before")] }, "GET /n by=cursor"],
    ["get", "/n", { responses: { 200: json({ type: "object" }) } }, "GET /n bare"],
    ["get", "/n", { responses: { 200: { content: { "application/octet-stream": {} } } } }, "GET /n response"],
    ["get", "/n", { responses: { 200: { content: { "application/json": {}, "text/plain": {} } } } }, "GET /n response"],
    ["put", "/n", { requestBody: json(object({ a: text })), parameters: [query("b"), query("c")] }, "PUT /n?b&c fields nothing"],
    ["put", "/n/{a}", { requestBody: json(object({ a: text })), parameters: [inPath("a")] }, "PUT /n/{a} json nothing"],
    ["put", "/n", { requestBody: json(object({ body: text })) }, "PUT /n json nothing"],
    ["put", "/n", { requestBody: json({ type: "array", items: text }) }, "PUT /n json nothing"],
    ["put", "/n", { requestBody: json({ type: "object", additionalProperties: text }) }, "PUT /n json nothing"],
    ["post", "/n", { requestBody: { content: { "multipart/form-data": {} } }, responses: { 201: data(text) } }, "POST /n raw"],
  ]
  it.each(cases)("%s %s", (method, path, operation, line) => {
    expect(operationsOf(documentOf({ [path]: { [method]: operation } })).map(lineOf)).toEqual([line])
  })

  it.each([
    ["events, which come otherwise", { responses: { 200: { content: { "text/event-stream": {} } } } }],
    ["pages for people", { responses: { 200: { content: { "text/html": {} } } } }],
  ])("leaves out %s", (_, operation) => {
    expect(operationsOf(documentOf({ "/n": { get: operation } }))).toEqual([])
  })

  it.each([
    ["without a name", { operationId: "notes" }, "needs an operationId"],
    ["in a group that would hide what the client has", { operationId: "events.list" }, "needs another name"],
    ["whose list has no way on", { responses: list(cursor) }, "no parameter that asks for its next page"],
    ["that never succeeds", { responses: { 400: {} } }, "nothing of its success"],
  ])("refuses one %s", (_, operation, message) => {
    expect(() => operationsOf(documentOf({ "/n": { get: operation } }))).toThrow(message)
  })
})

describe("the declarations", () => {
  const declared = (operation: Partial<DocumentOperation>, method = "post", schemas = components): string => {
    const document = documentOf({ "/n/{id}": { [method]: { parameters: [inPath("id")], ...operation } } }, schemas)
    return declarationsText(document, operationsOf(document))
  }

  it("put path, query and body into one object", () => {
    const operation = {
      parameters: [inPath("id"), query("full")],
      requestBody: json(object({ title: text }, [])),
      responses: { 200: data({ $ref: "#/components/schemas/Note" }) },
    }
    const params = "params: {\nreadonly id: string\nreadonly full?: string | undefined\nreadonly title?: string | undefined\n}"
    expect(declared(operation)).toContain(`readonly do: (${params}, options?: CallOptions) => Promise<Note>`)
  })

  it("name a body that has a name, and let everything be left out that may be", () => {
    expect(declared({ requestBody: json({ $ref: "#/components/schemas/Draft" }) })).toContain("params: {\nreadonly id: string\n} & Draft,")
    // Its `id` would be the path's.
    expect(declared({ requestBody: json({ $ref: "#/components/schemas/Note" }) })).toContain("readonly body?: Note | undefined\n")
    expect(declared({ parameters: [query("a")], requestBody: json(object({ b: text }, [])) })).toContain("params?: {\n")
    expect(declared({ parameters: [] })).toContain("params?: NoParams")
    expect(declared({ parameters: [query("a", true)] })).toContain("params: {\n")
  })

  it("say how an answer comes", () => {
    const meta = object({ total: text, limit: text, offset: text })
    const items: JsonSchema = { type: "array", items: { $ref: "#/components/schemas/Note" } }
    const counted = { parameters: [inPath("id"), query("offset")], responses: { 200: json(object({ data: items, meta })) } }
    expect(declared(counted, "get")).toContain("=> Counted<Note>")
    expect(declared({})).toContain("=> Promise<void>")
    expect(declared({ responses: { 200: { content: { "image/png": {} } } } }, "get")).toContain("=> Promise<Response>")
    expect(declared({ requestBody: { required: true, content: { "image/png": {} } } })).toContain("readonly body: RawBody")
  })

  it("hold the components that are needed and no others, and import what they use", () => {
    const result = declared({ responses: { 200: data({ $ref: "#/components/schemas/Note" }) } }, "get", {
      ...components,
      Other: object({ a: text }),
    })
    expect(result).toContain("export interface Note {\nid: string\ntitle?: string\n}")
    expect(result).not.toContain("Other")
    expect(result).toContain('import type { CallOptions } from "./client.d.ts"')
  })

  it("refuse a component that would hide what they need", () => {
    const schemas = { Response: object({ a: text }) }
    expect(() => declared({ responses: { 200: data({ $ref: "#/components/schemas/Response" }) } }, "get", schemas)).toThrow(
      "needs another name",
    )
  })
})

describe("the generated files", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url))

  it("are what the present API makes them", () => {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/client.mjs", "--check"], { cwd: root, encoding: "utf8" })
    expect([status, stderr]).toEqual([0, ""])
  })

  it("come with the release of the server", () => {
    const versionOf = (path: string): string => JSON.parse(readFileSync(`${root}/${path}`, "utf8")).version
    expect(versionOf("packages/client/package.json")).toBe(versionOf("package.json"))
  })
})
