import { componentOf, type JsonSchema, type OpenApiDocument, resolved } from "./document.ts"
import type { AnswerKind, Operation, PageKind } from "./operations.ts"
import { header } from "./table.ts"
import { docComment, isPlain, membersText, memberText, type TypeContext, typeText } from "./typeText.ts"

/** Names that the declarations use themselves: a component of that name would hide them. */
const taken = [
  "Api",
  "Array",
  "CallOptions",
  "Counted",
  "ErrorCode",
  "NoParams",
  "Paged",
  "Promise",
  "RawBody",
  "ReadonlyArray",
  "Record",
  "Response",
]

/** The text of the declarations: the components that operations need, the codes of errors, and the groups with their operations. */
export const declarationsText = (document: OpenApiDocument, operations: ReadonlyArray<Operation>): string => {
  const given = componentsOf(
    document,
    operations.flatMap(({ body }) => (body === undefined ? [] : [body.schema])),
  )
  const told = componentsOf(
    document,
    operations.flatMap(({ answer }) => schemasOf(answer)),
  )
  const components = [...new Set([...given, ...told])].sort().map((name) => componentText(name, { document, given: given.has(name) }))
  const groups = Object.entries(Object.groupBy(operations, ({ group }) => group)).map(([group, members = []]) => {
    const about = document.tags?.find(({ name }) => name === group)?.description
    const texts = members.map((member) => operationText(member, document))
    return `${docComment(about)}readonly ${group}: {\n${texts.join("\n")}}\n`
  })
  const text = `
${docComment("What a refusal is known by. Later servers may have more of them.")}export type ErrorCode = ${
    codesOf(document)
      .map((code) => JSON.stringify(code))
      .join(" | ") || "never"
  }

${components.join("\n")}
${docComment("Every operation of the API, by group.")}export interface Api {
${groups.join("\n")}}
`
  const used = ["CallOptions", "Counted", "NoParams", "Paged", "RawBody"].filter((name) => new RegExp(`\\b${name}\\b`).test(text))
  return `${header}\nimport type { ${used.join(", ")} } from "./client.d.ts"\n${text}`
}

const schemasOf = (answer: AnswerKind): ReadonlyArray<JsonSchema> => {
  if (answer.kind === "page") return [answer.item, answer.meta]
  return answer.kind === "data" || answer.kind === "bare" ? [answer.schema] : []
}

/** The components that are shown by their names in the types of these schemas. */
const componentsOf = (document: OpenApiDocument, schemas: ReadonlyArray<JsonSchema>): ReadonlySet<string> => {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    const name = componentOf(value as JsonSchema)
    if (name !== undefined && !found.has(name)) {
      const component = resolved(document, value as JsonSchema)
      if (!isPlain(component)) {
        found.add(name)
        visit(component)
      }
    }
    for (const inner of Object.values(value)) visit(inner)
  }
  for (const schema of schemas) visit(schema)
  return found
}

const componentText = (name: string, context: TypeContext): string => {
  if (!/^[A-Z]\w*$/.test(name) || taken.includes(name))
    throw new Error(`The component ${name} needs another name: this one cannot be declared.`)
  const schema = resolved(context.document, { $ref: `#/components/schemas/${name}` })
  const isInterface = schema.type === "object" && Object.keys(schema.properties ?? {}).length > 0 && !hasMore(schema)
  const declared = isInterface ? `interface ${name} {\n${membersText(schema, context)}}` : `type ${name} = ${typeText(schema, context)}`
  return `${docComment(schema.description)}export ${declared}\n`
}

const hasMore = ({ additionalProperties }: JsonSchema): boolean => typeof additionalProperties === "object"

/** Every code that a failure of the document can have. */
const codesOf = (document: OpenApiDocument): ReadonlyArray<string> => {
  const codes = Object.values(document.components?.schemas ?? {}).flatMap(
    ({ properties }) => properties?.["error"]?.properties?.["code"]?.enum ?? [],
  )
  return [...new Set(codes)].filter((code) => typeof code === "string")
}

const operationText = (operation: Operation, document: OpenApiDocument): string => {
  const { name, method, path, about, isDeprecated } = operation
  const comment = docComment(about, `\`${method} ${path}\``, isDeprecated ? "@deprecated" : undefined)
  return `${comment}readonly ${name}: (${paramsText(operation, document)}, options?: CallOptions) => ${answerText(operation.answer, document)}\n`
}

const paramsText = ({ inPath, inQuery, body }: Operation, document: OpenApiDocument): string => {
  const context: TypeContext = { document, given: true }
  const members = [...inPath, ...inQuery].map(({ name, schema = {}, required = false, description }) =>
    memberText(name, schema, required, context, description),
  )
  if (body !== undefined && body.kind !== "fields") {
    const [optional, left] = body.isRequired ? ["", ""] : ["?", " | undefined"]
    members.push(`readonly body${optional}: ${body.kind === "raw" ? "RawBody" : typeText(body.schema, context)}${left}\n`)
  }
  const isNamed = body?.kind === "fields" && componentOf(body.schema) !== undefined
  if (body?.kind === "fields" && !isNamed) members.push(membersText(resolved(document, body.schema), context))
  const types = [members.length === 0 ? [] : [`{\n${members.join("")}}`], isNamed ? [typeText(body.schema, context)] : []].flat()
  if (types.length === 0) return "params?: NoParams"
  const needsNone =
    inPath.length === 0 &&
    inQuery.every(({ required }) => required !== true) &&
    (body === undefined || (body.kind === "fields" ? (resolved(document, body.schema).required ?? []).length === 0 : !body.isRequired))
  return `params${needsNone ? "?" : ""}: ${types.join(" & ")}`
}

const answerText = (answer: AnswerKind, document: OpenApiDocument): string => {
  const context: TypeContext = { document, given: false }
  if (answer.kind === "page") return pageText(answer, context)
  if (answer.kind === "response") return "Promise<Response>"
  return answer.kind === "nothing" ? "Promise<void>" : `Promise<${typeText(answer.schema, context)}>`
}

/** Lists of the two usual kinds have short names. */
const pageText = ({ item, meta }: PageKind, context: TypeContext): string => {
  const names = Object.keys(resolved(context.document, meta).properties ?? {})
    .sort()
    .join()
  if (names === "limit,offset,total") return `Counted<${typeText(item, context)}>`
  return `Paged<${typeText(item, context)}${names === "limit,next" ? "" : `, ${typeText(meta, context)}`}>`
}
