/** The subset of JSON Schema (2020-12, as OpenAPI 3.1 uses it) that becomes TypeScript. Without any of these it stands for every value. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  /** OpenAPI 3.0's way to allow `null`. */
  readonly nullable?: boolean
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema | false
  readonly prefixItems?: ReadonlyArray<JsonSchema>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly oneOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly description?: string
}

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: JsonSchema
  readonly description?: string
}

/** Media type → what it holds. */
export type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>

export interface DocumentOperation {
  readonly operationId?: string
  readonly tags?: ReadonlyArray<string>
  readonly summary?: string
  readonly description?: string
  readonly deprecated?: boolean
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

/** What is read of an OpenAPI document. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> }
  readonly tags?: ReadonlyArray<{ readonly name: string; readonly description?: string }>
}

const prefix = "#/components/schemas/"

/** The component that a schema refers to. */
export const componentOf = ({ $ref }: JsonSchema): string | undefined => {
  if ($ref === undefined) return undefined
  if (!$ref.startsWith(prefix)) throw new Error(`The reference ${$ref} leads to no component of the document.`)
  return $ref.slice(prefix.length)
}

/** The schema itself, or the one that it refers to. */
export const resolved = (document: OpenApiDocument, schema: JsonSchema): JsonSchema => {
  const name = componentOf(schema)
  if (name === undefined) return schema
  const component = document.components?.schemas?.[name]
  if (component === undefined) throw new Error(`The document has no component ${name}.`)
  return resolved(document, component)
}
