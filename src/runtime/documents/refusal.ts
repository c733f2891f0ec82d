import { GuestError } from "../host.ts"

/** What a call of `ds` was given cannot be. */
export const invalid = (message: string): GuestError => new GuestError(message, { name: "TypeError", code: "DS_INVALID" })

/** A call of `ds` would take more than one request may. */
export const tooMuch = (message: string): GuestError => new GuestError(message, { name: "RangeError", code: "DS_TOO_MUCH" })

/** A name as an error shows it: shortened, in quotes. */
export const quoted = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)

/** What kind of value it is, for an error. */
export const kindOf = (value: unknown): string => {
  if (value === null) return "null"
  if (value === undefined) return "nothing"
  if (Array.isArray(value)) return "a list"
  if (typeof value === "object") return "an object"
  return typeof value === "boolean" ? "true or false" : `a ${typeof value}`
}
