import { componentOf, type JsonSchema, type OpenApiDocument, resolved } from "./document.ts"

/** What a type may say besides the schema. */
export interface TypeContext {
  readonly document: OpenApiDocument
  /** What a caller gives: arrays that nobody changes will do, and `undefined` for what is left out. */
  readonly given: boolean
}

const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name)

const literal = (value: unknown): string => JSON.stringify(value)

/** A doc comment for what is described, with `more` behind it; nothing where there is nothing to say. */
export const docComment = (...parts: ReadonlyArray<string | undefined>): string => {
  const lines = parts.flatMap((part) => (part === undefined ? [] : part.trim().replaceAll("*/", "*\\/").split("\n")))
  if (lines.length === 0) return ""
  return lines.length === 1 ? `/** ${lines[0]} */\n` : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`
}

/** Whether a component is shown as what it is instead of by its name: text and numbers, of which a name would say no more. */
export const isPlain = (schema: JsonSchema): boolean =>
  typeof schema.type === "string" && ["string", "number", "integer", "boolean"].includes(schema.type) && schema.enum === undefined

/** The TypeScript type of what a schema allows. */
export const typeText = (schema: JsonSchema, context: TypeContext): string => {
  const name = componentOf(schema)
  if (name !== undefined) {
    const component = resolved(context.document, schema)
    return isPlain(component) ? typeText(component, context) : name
  }
  const text = withoutNull(schema, context)
  return schema.nullable === true ? union([text, "null"]) : text
}

const withoutNull = (schema: JsonSchema, context: TypeContext): string => {
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return union(schema.enum.map(literal))
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives !== undefined) return union(alternatives.map((each) => typeText(each, context)))
  if (schema.allOf !== undefined) return schema.allOf.map((each) => `(${typeText(each, context)})`).join(" & ")
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => ofType(type, schema, context)))
  return ofType((schema.type as string | undefined) ?? (schema.properties === undefined ? "any" : "object"), schema, context)
}

const ofType = (type: string, schema: JsonSchema, context: TypeContext): string => {
  if (type === "object") return objectText(schema, context)
  if (type === "array") return arrayText(schema, context)
  if (type === "integer") return "number"
  return ["string", "number", "boolean", "null"].includes(type) ? type : "unknown"
}

/** A union without repetitions; whatever is joined with `unknown` is unknown. */
const union = (types: ReadonlyArray<string>): string => {
  const different = [...new Set(types)]
  return different.includes("unknown") ? "unknown" : different.map((type) => (type.includes("&") ? `(${type})` : type)).join(" | ")
}

const arrayText = ({ items, prefixItems }: JsonSchema, context: TypeContext): string => {
  const readonly = context.given ? "readonly " : ""
  if (prefixItems !== undefined) return `${readonly}[${prefixItems.map((item) => typeText(item, context)).join(", ")}]`
  return `${context.given ? "ReadonlyArray" : "Array"}<${items ? typeText(items, context) : "unknown"}>`
}

const objectText = (schema: JsonSchema, context: TypeContext): string => {
  const properties = Object.entries(schema.properties ?? {})
  const more = schema.additionalProperties
  const rest = more === undefined || more === false ? undefined : more === true ? "unknown" : typeText(more, context)
  if (properties.length === 0) return `Record<string, ${rest ?? "unknown"}>`
  const known = `{\n${membersText(schema, context)}}`
  // TypeScript has no way to say "all others": whoever wants them says which.
  return rest === undefined || more === true ? known : `${known} & Record<string, ${rest}>`
}

/** The members of an object's type, each on a line of its own. */
export const membersText = ({ properties = {}, required = [] }: JsonSchema, context: TypeContext): string =>
  Object.entries(properties)
    .map(([name, property]) => memberText(name, property, required.includes(name), context))
    .join("")

/** A member of an object's type. */
export const memberText = (name: string, schema: JsonSchema, isRequired: boolean, context: TypeContext, description?: string): string => {
  const component = componentOf(schema) === undefined ? undefined : resolved(context.document, schema)
  const about = description ?? schema.description ?? (component !== undefined && isPlain(component) ? component.description : undefined)
  const comment = docComment(about)
  const key = isIdentifier(name) ? name : literal(name)
  const text = typeText(schema, context)
  const left = context.given && !isRequired && text !== "unknown" ? " | undefined" : ""
  return `${comment}${context.given ? "readonly " : ""}${key}${isRequired ? "" : "?"}: ${text}${left}\n`
}
