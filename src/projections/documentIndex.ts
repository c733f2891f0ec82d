/** Any value that JSON can hold. Objects may own any key, `__proto__` included. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** The names of a dot path, or the places of array elements. */
export type Path = ReadonlyArray<string>

/** What a path leads to in a document; `undefined` if it leads nowhere. Only what JSON holds is found, nothing inherited. */
export const valueAt = (data: Json, path: Path): Json | undefined => {
  let value: Json | undefined = data
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined
    if (Array.isArray(value)) value = isPlace(name) ? (value as ReadonlyArray<Json>)[Number(name)] : undefined
    else value = Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined
  }
  return value
}

/** Whether a name of a path can be the place of an array's element. */
export const isPlace = (name: string): boolean => /^(0|[1-9]\d{0,8})$/.test(name)

/**
 * The order of values of different types: nothing, null, booleans, numbers, strings, and then objects and arrays, which have no
 * order among themselves.
 */
const rank = { missing: 0, null: 1, false: 2, true: 3, number: 4, string: 5, other: 6 } as const

/** Longer strings are indexed by so many code units of their beginning. */
const indexedUnits = 128

const rankOf = (value: Json | undefined): number => {
  if (value === undefined) return rank.missing
  if (value === null) return rank.null
  if (typeof value === "boolean") return value ? rank.true : rank.false
  if (typeof value === "number") return rank.number
  return typeof value === "string" ? rank.string : rank.other
}

/** The one order of values, which sorting and indexes share: numbers by size, strings by code unit. */
export const compareValues = (a: Json | undefined, b: Json | undefined): number => {
  const ranks = rankOf(a) - rankOf(b)
  if (ranks !== 0) return ranks
  if (typeof a === "number" || typeof a === "string") return a < (b as typeof a) ? -1 : a > (b as typeof a) ? 1 : 0
  return 0
}

/**
 * A value as bytes whose order is that of `compareValues`. Equal values have equal bytes; the bytes of long strings and of objects
 * and arrays may be equal though the values are not.
 */
export const indexKey = (value: Json | undefined): Buffer => {
  if (typeof value === "number") return numberKey(value)
  if (typeof value === "string") return stringKey(value)
  return Buffer.of(rankOf(value))
}

/** Whether values with these bytes are all equal. */
export const isExactKey = (key: Uint8Array): boolean => key[0] !== rank.other && !(key[0] === rank.string && key.length > 2 * indexedUnits)

/** The bytes that every number's, or every string's, lie between: the first is below, the second above all of them. */
export const keyBounds = (type: "number" | "string"): readonly [low: Buffer, high: Buffer] => [
  Buffer.of(rank[type]),
  Buffer.of(rank[type] + 1),
]

const numberKey = (value: number): Buffer => {
  const key = Buffer.allocUnsafe(9)
  key[0] = rank.number
  // -0 becomes 0: they are the same number.
  key.writeDoubleBE(value + 0, 1)
  if (key[1]! >= 0x80) for (let i = 1; i < 9; i++) key[i] = ~key[i]!
  else key[1] = key[1]! | 0x80
  return key
}

const stringKey = (value: string): Buffer => {
  const units = Buffer.from(value.slice(0, indexedUnits), "utf16le").swap16()
  return Buffer.concat([Buffer.of(rank.string), units])
}
