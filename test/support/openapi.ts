import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import type { Answer } from "./server.ts"

/** What of an OpenAPI document the tests look at. */
export interface Operation {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<{
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: unknown
  }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: unknown }>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }>>
}

export interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export interface Described {
  readonly method: string
  /** With `{name}` in it. */
  readonly path: string
  readonly operation: Operation
}

export const operationsOf = ({ paths }: Document): ReadonlyArray<Described> =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => ["get", "put", "post", "delete", "patch"].includes(method))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

const pointer = (...parts: ReadonlyArray<string>): string =>
  parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")

/** Says what in an answer is not as the document has it. */
export const answerChecker = (document: Document) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true })
  addFormats.default(ajv)
  ajv.addSchema(document as object, "openapi.json")
  const compiled = new Map<string, ValidateFunction>()
  const validator = (at: string): ValidateFunction => {
    const known = compiled.get(at) ?? ajv.compile({ $ref: `openapi.json#${at.replaceAll("{", "%7B").replaceAll("}", "%7D")}` })
    compiled.set(at, known)
    return known
  }

  return (
    { method, path, operation }: Described,
    { status, headers, text }: Pick<Answer, "status" | "headers" | "text">,
  ): string | undefined => {
    const response = operation.responses[String(status)] ?? operation.responses["default"]
    if (response === undefined) return `the status ${status} is not described: ${text.slice(0, 200)}`
    const type = /^[^;]*/.exec(String(headers["content-type"] ?? ""))![0].trim()
    const { content } = response
    if (content === undefined) return text === "" ? undefined : `a ${status} should have no body, but has ${text.slice(0, 200)}`
    const media = content[type] ?? content["*/*"]
    if (media === undefined) return `a ${status} is ${Object.keys(content).join(" or ")}, not ${type}`
    if (media.schema === undefined || type !== "application/json") return undefined
    const key = content[type] === undefined ? "*/*" : type
    const code = operation.responses[String(status)] === undefined ? "default" : String(status)
    const validate = validator(pointer("paths", path, method.toLowerCase(), "responses", code, "content", key, "schema"))
    if (validate(JSON.parse(text))) return undefined
    return `${ajv.errorsText(validate.errors)}: ${text.slice(0, 500)}`
  }
}

/** Finds the operation that a request is for. */
export const operationFinder = (document: Document) => {
  const all = operationsOf(document).map((described) => {
    const text = described.path.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&")
    return {
      described,
      // A parameter called `path` is the rest of the path, slashes included.
      form: new RegExp(`^${text.replace("{path}", "(.+)").replaceAll(/\{[^/}]*\}/g, "([^/]+)")}/?$`),
      names: described.path.split("{").length,
    }
  })
  return (method: string, url: string): Described | undefined => {
    const path = url.split("?", 1)[0]!
    const wanted = method === "HEAD" ? "GET" : method
    const fitting = all.filter(({ described, form }) => described.method === wanted && form.test(path))
    // The one with the fewest names says most exactly what is meant.
    return fitting.sort((a, b) => a.names - b.names || b.described.path.length - a.described.path.length)[0]?.described
  }
}
