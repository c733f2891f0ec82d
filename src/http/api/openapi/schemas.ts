/** A JSON value that is an object. */
export interface Json {
  readonly [name: string]: unknown
}

/** What the framework says of a schema by itself: that a number is a number. Descriptions of our own begin with a capital letter. */
const byItself = /^an? [a-z]/

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * A JSON Schema without the titles and descriptions that the framework makes up, without a component for whole numbers, which says more
 * words than it saves, and without the identifiers that it gives to `unknown` and the like: they are the same in each place, where they
 * would have to be different.
 */
export const plainSchema = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(plainSchema)
  if (!isJson(schema)) return schema
  const { $ref, $id: _, title: __, description, properties, ...rest } = schema
  const members = Object.entries(rest).map(([name, value]) => [name, name === "enum" || name === "default" ? value : plainSchema(value)])
  return {
    ...($ref === "#/components/schemas/Int" ? { type: "integer" } : $ref === undefined ? {} : { $ref }),
    ...Object.fromEntries(members),
    ...(isJson(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, plainSchema(value)])) }
      : {}),
    ...(typeof description === "string" && !byItself.test(description) ? { description } : {}),
  }
}
