import { canonicalJson } from "../../events/chain.ts"
import type { Json, JsonObject, Path } from "../../projections/documentIndex.ts"
import { invalid, kindOf, quoted, tooMuch } from "./refusal.ts"

/** The largest document, as JSON, in bytes. */
export const maxDocumentBytes = 256 * 1024

/** How many objects and lists may stand inside each other. */
const maxDocumentDepth = 100

const maxIdBytes = 256
const maxPathLength = 256
const maxPathNames = 32

/** What every document has beside its own fields. */
const ownFields = ["id", "_createdAt", "_updatedAt"] as const

export const isOwnField = (name: string | undefined): boolean => (ownFields as ReadonlyArray<string | undefined>).includes(name)

export const checkCollection = (name: string): string => {
  if (/^[A-Za-z0-9_.:-]{1,128}$/.test(name)) return name
  throw invalid(`A collection cannot be called ${quoted(name)}: use 1 to 128 letters, digits and _ . : -`)
}

/** Whether a document can have this id. */
export const isId = (id: string): boolean => id !== "" && Buffer.byteLength(id) <= maxIdBytes && id.isWellFormed() && !/\p{Cc}/u.test(id)

export const checkId = (id: unknown): string => {
  if (typeof id !== "string") throw invalid(`A document's id is a string, not ${kindOf(id)}.`)
  if (isId(id)) return id
  throw invalid(`A document's id cannot be ${quoted(id)}: use 1 to ${maxIdBytes} bytes of text without control characters.`)
}

/** A dot path: `address.city`, `tags.0`. */
export const parsePath = (path: string): Path => {
  const names = path.split(".")
  if (path.length <= maxPathLength && names.length <= maxPathNames && !names.includes("")) return names
  throw invalid(
    `${quoted(path)} is not the name of a field. Names are joined by single dots, at most ${maxPathNames} of them and ${maxPathLength} characters.`,
  )
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Sets a property of its own, whatever its name: an assignment to `__proto__` would set another thing. */
export const setOwn = (object: object, name: string, value: Json): void => {
  if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
  else (object as Record<string, Json>)[name] = value
}

/** The document's own data: what every document has is not part of it. */
export const withoutOwnFields = (document: JsonObject): JsonObject => {
  if (!ownFields.some((name) => Object.hasOwn(document, name))) return document
  const data = {}
  for (const [name, value] of Object.entries(document)) if (!isOwnField(name)) setOwn(data, name, value)
  return data
}

/** The document as it is stored. Refuses what is too large or nested too deeply. */
export const encodeDocument = (data: JsonObject): string => {
  checkDepth(data)
  const text = canonicalJson(data)
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxDocumentBytes) return text
  throw tooMuch(`A document may have at most ${maxDocumentBytes} bytes as JSON, and this one has ${bytes}. Keep large content in s3.`)
}

/** Refuses what recursive functions could not walk through. */
export const checkDepth = (value: Json): void => {
  let level: ReadonlyArray<Json> = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDocumentDepth) throw invalid(`Objects and lists may be nested at most ${maxDocumentDepth} deep.`)
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []))
  }
}

/** Whether two values are the same JSON, in whatever order their fields are. */
export const isEqual = (a: Json | undefined, b: Json | undefined): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, (b as ReadonlyArray<Json>)[i]))
  if (Array.isArray(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual((a as JsonObject)[name], (b as JsonObject)[name]))
  )
}
