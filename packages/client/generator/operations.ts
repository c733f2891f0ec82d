import { type Content, type DocumentOperation, type JsonSchema, type OpenApiDocument, type Parameter, resolved } from "./document.ts"

/** What the name of a list's parameter is that asks for its next page. */
export type PagedBy = "offset" | "cursor" | "before" | "after"

/**
 * How an answer comes: `data` of the envelope; a page of a list, by its parameter; JSON without an envelope; anything else, which is not
 * read but given as it is.
 */
export type AnswerKind =
  | { readonly kind: "data" | "bare"; readonly schema: JsonSchema }
  | PageKind
  | { readonly kind: "response" }
  | { readonly kind: "nothing" }

export interface PageKind {
  readonly kind: "page"
  readonly by: PagedBy
  readonly item: JsonSchema
  readonly meta: JsonSchema
}

/** `fields`: JSON whose fields are parameters of the call. `json` and `raw`: the parameter `body` is the body. */
export interface BodyKind {
  readonly kind: "fields" | "json" | "raw"
  readonly schema: JsonSchema
  readonly isRequired: boolean
}

/** An operation of the document, as the client calls it. */
export interface Operation {
  readonly group: string
  readonly name: string
  readonly method: string
  /** As in the document: `/api/sites/{site}`. `{path*}` is the rest of a path, slashes and all. */
  readonly path: string
  readonly inPath: ReadonlyArray<Parameter>
  readonly inQuery: ReadonlyArray<Parameter>
  readonly body: BodyKind | undefined
  readonly answer: AnswerKind
  readonly about: string | undefined
  readonly isDeprecated: boolean
}

const methods = ["get", "put", "post", "delete", "patch"]

/** What the client calls, in the order of the document. Streams of events are not among it, for which there is `events`, nor pages. */
export const operationsOf = (document: OpenApiDocument): ReadonlyArray<Operation> =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      if (!methods.includes(method) || isForOthers(operation)) return []
      return [operationOf(document, method, path, operation)]
    }),
  )

const isForOthers = ({ responses }: DocumentOperation): boolean =>
  Object.values(responses).some(({ content = {} }) => "text/event-stream" in content || "text/html" in content)

const operationOf = (document: OpenApiDocument, method: string, path: string, operation: DocumentOperation): Operation => {
  const parameters = operation.parameters ?? []
  const inPath = parameters.filter((parameter) => parameter.in === "path")
  const inQuery = parameters.filter((parameter) => parameter.in === "query")
  return {
    ...nameOf(method, path, operation),
    method: method.toUpperCase(),
    path: path.replace(`{${restOfPath}}`, `{${restOfPath}*}`),
    inPath,
    inQuery,
    body: bodyOf(
      document,
      operation,
      [...inPath, ...inQuery].map(({ name }) => name),
    ),
    answer: answerOf(document, operation, inQuery),
    about: operation.description ?? operation.summary,
    isDeprecated: operation.deprecated === true,
  }
}

/** What a client has besides the API's groups. */
const ownNames = ["deploy", "events"]

const nameOf = (
  method: string,
  path: string,
  { operationId, tags }: DocumentOperation,
): { readonly group: string; readonly name: string } => {
  const parts = operationId?.split(".") ?? []
  const [group, name] = parts.length === 2 ? parts : [tags?.[0], parts[0]]
  if (group !== undefined && ownNames.includes(group))
    throw new Error(`The group ${group} needs another name: the client has this one itself.`)
  if (!isName(group) || !isName(name)) throw new Error(`${method.toUpperCase()} ${path} needs an operationId such as "sites.list".`)
  return { group, name }
}

const isName = (name: string | undefined): name is string => name !== undefined && /^[a-z]\w*$/i.test(name)

/** The parameter that stands for the rest of a path: the document has no other way to tell that its slashes stay as they are. */
const restOfPath = "path"

const bodyOf = (document: OpenApiDocument, { requestBody }: DocumentOperation, taken: ReadonlyArray<string>): BodyKind | undefined => {
  if (requestBody === undefined) return undefined
  const isRequired = requestBody.required === true
  const schema = jsonOf(requestBody.content)
  if (schema === undefined) return { kind: "raw", schema: {}, isRequired }
  const { properties = {}, additionalProperties } = resolved(document, schema)
  const names = Object.keys(properties)
  const isFields = names.length > 0 && (additionalProperties === undefined || additionalProperties === false)
  return { kind: isFields && !names.some((name) => taken.includes(name) || name === "body") ? "fields" : "json", schema, isRequired }
}

const jsonOf = (content: Content): JsonSchema | undefined => {
  const type = Object.keys(content).find((name) => /^application\/(?:[\w.]+\+)?json\b/.test(name))
  return type === undefined ? undefined : (content[type]?.schema ?? {})
}

const answerOf = (document: OpenApiDocument, { responses }: DocumentOperation, query: ReadonlyArray<Parameter>): AnswerKind => {
  const [, success] = Object.entries(responses).find(([status]) => status.startsWith("2")) ?? []
  if (success === undefined) throw new Error("An operation of the document says nothing of its success.")
  if (success.content === undefined || Object.keys(success.content).length === 0) return { kind: "nothing" }
  const schema = jsonOf(success.content)
  // Whoever can answer with several types answers with bytes.
  if (schema === undefined || Object.keys(success.content).length > 1) return { kind: "response" }
  const { properties = {}, required = [] } = resolved(document, schema)
  const { data, meta } = properties
  if (data === undefined || !required.includes("data")) return { kind: "bare", schema }
  if (meta === undefined) return { kind: "data", schema: data }
  return { kind: "page", by: pagedBy(document, meta, query), item: resolved(document, data).items || {}, meta }
}

const pagedBy = (document: OpenApiDocument, meta: JsonSchema, query: ReadonlyArray<Parameter>): PagedBy => {
  const names = query.map(({ name }) => name)
  const candidates =
    "next" in (resolved(document, meta).properties ?? {}) ? (["cursor", "before", "after"] as const) : (["offset"] as const)
  const by = candidates.find((name) => names.includes(name))
  if (by === undefined) throw new Error(`A list has no parameter that asks for its next page: one of ${candidates.join(", ")}.`)
  return by
}
