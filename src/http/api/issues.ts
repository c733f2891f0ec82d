import type { Issue, Issues } from "../../commands/issue.ts"

/** What the schema library says of one place in a value that does not fit; of a union, once for each of its members. */
interface Finding {
  readonly path: ReadonlyArray<PropertyKey>
  readonly message: string
}

/** Names each field that is wrong once, with everything that it may be. `message` tells of the first in words. */
export const tellIssues = (findings: ReadonlyArray<Finding>): Issues & { readonly message: string } => {
  const read = findings.map(({ path, message }) => ({ field: path.map(String).join("."), ...reading(message) }))
  const telling = read.filter((one) => !isNoise(one, read))
  const fields = [...new Set(telling.map(({ field }) => field))].slice(0, mostIssues)
  const [first, ...others] = fields.map((field) =>
    merged(
      field,
      telling.filter((one) => one.field === field),
    ),
  )
  if (first === undefined) return { message: "It is not as it has to be.", issues: [] }
  const message = (first.field === "" ? first.said : `${first.field}: ${first.said}`).slice(0, longestMessage)
  return { message, issues: [first, ...others].map(({ field, constraint }) => ({ field, constraint })) }
}

const mostIssues = 20
const longestMessage = 1000
const longestConstraint = 500
const longestActual = 200

/** A finding in words: what is `expected` and what is there, or `said` where it is something else. */
type Reading = { readonly expected: string; readonly actual: string | undefined } | { readonly said: string }

type Read = Reading & { readonly field: string }

const reading = (message: string): Reading => {
  const [, known] = /^is unexpected, expected: (.*)$/s.exec(message) ?? []
  if (known !== undefined) return { said: unknownName(known) }
  const [, given, wanted] = /^Unable to decode (.*) into (an? \w+)$/s.exec(message) ?? []
  if (wanted !== undefined) return { expected: wanted, actual: given }
  const [, expected, actual] = /^Expected (.+?)(?:, actual (.*))?$/s.exec(message) ?? []
  return expected === undefined ? { said: message } : { expected, actual }
}

const unknownName = (known: string): string => {
  const names = [...known.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, name]) => name)
  return notKnown(names)
}

/** What is wrong with a name that is none of these. */
export const notKnown = (names: ReadonlyArray<string | undefined>): string => {
  if (names.length === 0) return "not known here"
  return `not known here; known ${names.length === 1 ? "is" : "are"}: ${names.join(", ")}`
}

/** What may be left out is also told to be wrong for not being left out, which helps nobody who gave it. */
const isNoise = (one: Read, all: ReadonlyArray<Read>): boolean => {
  if (!("expected" in one)) return false
  const isBelow = ({ field }: Read): boolean => field !== one.field && (one.field === "" || field.startsWith(`${one.field}.`))
  if (one.expected === "null") return all.some(isBelow)
  const isOther = (other: Read): boolean => other.field === one.field && !("expected" in other && other.expected === one.expected)
  return one.expected === "undefined" && all.some((other) => isBelow(other) || isOther(other))
}

/** Everything that is said of one field. */
const merged = (field: string, all: ReadonlyArray<Read>): Issue & { readonly said: string } => {
  const said = [...new Set(all.flatMap((one) => ("said" in one ? [one.said] : [])))]
  const wanted = all.flatMap((one) => ("expected" in one ? [one] : []))
  const expected = alternatives([...new Set(wanted.map((one) => one.expected))])
  const constraint = [...(wanted.length === 0 ? [] : [expected]), ...said].join(" or ").slice(0, longestConstraint)
  // A schema with words of its own may have them so as not to quote what was sent.
  const isWhole = /^an? (object|list)/.test(expected)
  // Nor is a part of the body quoted that may have anything in it.
  const actual = said.length > 0 || isWhole ? undefined : wanted.at(-1)?.actual
  const shown = actual === undefined ? "" : `, actual ${actual.length > longestActual ? `${actual.slice(0, longestActual)}…` : actual}`
  return { field, constraint, said: said.length > 0 ? constraint : `Expected ${constraint}${shown}` }
}

const isLiteral = (expected: string): boolean => /^"|^-?\d/.test(expected)

const alternatives = (expected: ReadonlyArray<string>): string => {
  const words = expected.map(inWords)
  return words.length > 2 && expected.every(isLiteral) ? `one of ${words.join(", ")}` : [...new Set(words)].join(" or ")
}

/** How the library writes what it expects, and what that is in words. */
const phrases: ReadonlyArray<readonly [pattern: RegExp, words: string]> = [
  [/^"(.*)"$/s, "$1"],
  [/^string$/, "a string"],
  [/^number$/, "a number"],
  [/^(boolean|a string to be decoded into a boolean)$/, "true or false"],
  [/^a string to be decoded into (an? \w+)$/, "$1"],
  [/^an integer$/, "a whole number"],
  [/^a non-negative number$/, "a number from 0"],
  [/^a string at (most|least) 1 character\(s\) long$/, "a string of at $1 1 character"],
  [/^a string at (most|least) (\d+) character\(s\) long$/, "a string of at $1 $2 characters"],
  [/^an array of at (most|least) 1 item\(s\)$/, "a list of at $1 1 item"],
  [/^an array of at (most|least) (\d+) item\(s\)$/, "a list of at $1 $2 items"],
  [/^(ReadonlyArray<|readonly \[).*$/s, "a list"],
  // The name of a schema.
  [/^([A-Z]\w*|object)$/, "an object"],
]

const inWords = (expected: string): string => {
  if (expected.startsWith("{ readonly ")) return objectInWords(expected)
  const [pattern, words] = phrases.find(([pattern]) => pattern.test(expected)) ?? []
  return pattern === undefined ? expected : expected.replace(pattern, words!)
}

/** `{ readonly a: string; readonly b?: number }` in words. */
const objectInWords = (type: string): string => {
  const fields = [...withoutInner(type).matchAll(/(?:^\{|;) readonly ([^:?[\]]+)(\??):/g)]
  const names = (mark: string): string =>
    fields
      .filter(([, , optional]) => optional === mark)
      .map(([, name]) => name)
      .join(", ")
  const [needed, optional] = [names(""), names("?")]
  if (needed === "") return optional === "" ? "an object" : `an object, perhaps with ${optional}`
  return optional === "" ? `an object with ${needed}` : `an object with ${needed}, perhaps ${optional}`
}

/** The type without the types that are written out in it. */
const withoutInner = (type: string): string => {
  const plain = type.replaceAll(/"(?:[^"\\]|\\.)*"/g, "_")
  const outer = plain.replaceAll(/(?<=.)\{[^{}]*\}/gs, "_")
  return outer === type ? type : withoutInner(outer)
}
