import { h, inline } from "./dom.js"

/** Reads the JSON Schemas of an OpenAPI document. */
export const schemas = (document) => {
  const at = (ref) =>
    ref
      .slice(2)
      .split("/")
      .reduce((value, part) => value[part.replaceAll("~1", "/").replaceAll("~0", "~")], document)

  const nameOf = (schema) => (schema.$ref === undefined ? undefined : schema.$ref.split("/").at(-1))
  const resolved = (schema) => (schema.$ref === undefined ? schema : { ...at(schema.$ref), ...without(schema, "$ref") })

  /** What it is besides `null`, and whether it may be that. */
  const choices = (schema) => {
    const all = (schema.anyOf ?? schema.oneOf ?? [schema]).map((one) => one)
    const some = all.filter((one) => one.type !== "null")
    return { some, nullable: some.length < all.length }
  }

  /** The type in a few words. */
  const typeText = (schema) => {
    const { some, nullable } = choices(schema)
    const words = some.map((one) => {
      const plain = resolved(one)
      if (plain.const !== undefined) return JSON.stringify(plain.const)
      if (plain.enum !== undefined) return plain.enum.length > 6 ? (plain.type ?? "one of several") : plain.enum.map((value) => JSON.stringify(value)).join(" | ")
      if (plain.type === "array") return `array of ${plain.items === undefined ? "anything" : typeText(plain.items)}`
      if (plain.anyOf !== undefined && one !== schema) return typeText(plain)
      if (plain.type === "object" && nameOf(one) !== undefined) return nameOf(one)
      return plain.format ?? plain.type ?? "anything"
    })
    return [...new Set(words), ...(nullable ? ["null"] : [])].join(" or ")
  }

  const bounds = (schema) => {
    const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, default: byDefault } = resolved(schema)
    return [
      minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}` : undefined,
      minimum !== undefined && maximum === undefined && minimum !== 0 ? `at least ${minimum}` : undefined,
      minimum === undefined && maximum !== undefined ? `at most ${maximum}` : undefined,
      minLength !== undefined ? `at least ${minLength} long` : undefined,
      maxLength !== undefined ? `at most ${maxLength} long` : undefined,
      minItems !== undefined ? `at least ${minItems} items` : undefined,
      maxItems !== undefined ? `at most ${maxItems} items` : undefined,
      pattern !== undefined ? `matches ${pattern}` : undefined,
      byDefault !== undefined && byDefault !== "" ? `default ${JSON.stringify(byDefault)}` : undefined,
    ].filter((text) => text !== undefined)
  }

  /** What a value has in it: the fields of an object, or of the items of a list. */
  const inside = (schema, seen) => {
    for (const one of choices(schema).some) {
      const plain = resolved(one)
      const name = nameOf(one)
      if (name !== undefined && seen.includes(name)) return undefined
      const deeper = name === undefined ? seen : [...seen, name]
      if (plain.properties !== undefined) return fields(plain, deeper)
      if (plain.type === "array" && plain.items !== undefined) return inside(plain.items, deeper)
      if (typeof plain.additionalProperties === "object") return fields({ properties: { "<name>": plain.additionalProperties } }, deeper)
      if (plain.anyOf !== undefined && name !== undefined) return inside(plain, deeper)
    }
    return undefined
  }

  const fields = ({ properties, required = [] }, seen) =>
    h(
      "ul",
      { class: "fields" },
      ...Object.entries(properties).map(([name, schema]) => {
        const { description } = resolved(schema)
        const notes = bounds(schema)
        return h(
          "li",
          {},
          h("span", { class: "name" }, h("code", {}, name), required.includes(name) || name === "<name>" ? undefined : h("i", {}, "optional")),
          h("span", { class: "type" }, typeText(schema), ...(notes.length === 0 ? [] : [h("small", {}, ` ${notes.join(", ")}`)])),
          description !== undefined && h("span", { class: "about" }, ...inline(description)),
          inside(schema, seen),
        )
      }),
    )

  /** A value that the schema would let pass, as people write examples. */
  const example = (schema, name = "", depth = 0) => {
    const [one] = choices(schema).some
    if (one === undefined) return null
    const plain = resolved(one)
    if (plain.default !== undefined && plain.default !== "") return plain.default
    if (plain.const !== undefined) return plain.const
    if (plain.enum !== undefined) return plain.enum[0]
    if (plain.anyOf !== undefined) return depth > 6 ? null : example(plain, name, depth + 1)
    if (plain.type === "array") return plain.items === undefined || depth > 6 ? [] : [example(plain.items, name, depth + 1)]
    if (plain.properties !== undefined && depth <= 6) {
      return Object.fromEntries(Object.entries(plain.properties).map(([key, value]) => [key, example(value, key, depth + 1)]))
    }
    if (typeof plain.additionalProperties === "object" && depth <= 6) return { name: example(plain.additionalProperties, "", depth + 1) }
    if (plain.type === "object") return {}
    if (plain.type === "boolean") return true
    if (plain.type === "integer" || plain.type === "number") return Math.max(plain.minimum ?? 0, Math.min(plain.maximum ?? 1, 1))
    if (plain.format === "date-time") return "2026-01-31T12:00:00.000Z"
    if (plain.pattern?.includes("0-9a-f]{64}")) return "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    return plain.type === "string" ? (samples[name] ?? "…") : "anything"
  }

  return { typeText, bounds, inside: (schema) => inside(schema, []), example, resolved }
}

const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))

/** What fields are called often, and an example of each. */
const samples = {
  site: "blog",
  site_id: "blog",
  site_name: "blog",
  deploy: "k3v9x2m1qa",
  key: "visits",
  path: "images/logo.png",
  collection: "notes",
  id: "k3v9x2m1qa",
  username: "ada",
  password: "plum tree in the rain",
  name: "laptop",
  from: "previous",
  to: "live",
  code: "123456",
  url: "https://blog.example.com",
  message: "New prices",
}
