import type { Operation } from "./operations.ts"

/**
 * An operation in one line, which `src/operations.js` describes and `src/call.js` reads: method, path with `{parameters}`, the query's
 * parameters where there is a body beside them, what the body is, what the answer is.
 */
export const lineOf = ({ method, path, inQuery, body, answer }: Operation): string => {
  const query = body === undefined || inQuery.length === 0 ? "" : `?${inQuery.map(({ name }) => name).join("&")}`
  const flags = [
    body === undefined ? undefined : bodyFlags[body.kind],
    answer.kind === "page" ? `by=${answer.by}` : answerFlags[answer.kind],
  ]
  return [`${method} ${path}${query}`, ...flags.filter((flag) => flag !== undefined)].join(" ")
}

const bodyFlags = { fields: "fields", json: "json", raw: "raw" } as const
const answerFlags = { data: undefined, bare: "bare", response: "response", nothing: "nothing" } as const

/** The table of operations, as the text of a module. */
export const tableText = (operations: ReadonlyArray<Operation>): string => {
  const groups = Object.entries(Object.groupBy(operations, ({ group }) => group)).map(
    ([group, members = []]) => `${group}: {\n${members.map((each) => `${each.name}: ${JSON.stringify(lineOf(each))},\n`).join("")}},\n`,
  )
  return `${header}
/**
 * Group → operation → how it is asked for: the method, the path with its parameters in braces (\`{path*}\`: the rest of it), the names of the
 * query's parameters where a body would take them else. Then what the body is: \`fields\` (JSON, of all other parameters), \`json\` or
 * \`raw\` (the parameter \`body\`). Then what the answer is, if not the envelope's data: \`by=\` (a page of a list, and the parameter for the next
 * one), \`bare\` (JSON without an envelope), \`response\` (given as it is), \`nothing\`.
 */
export const operations = /** @type {const} */ ({
${groups.join("")}})
`
}

/** On top of every file that is made. */
export const header = `// Made from the API's OpenAPI document by scripts/client.mjs: do not edit, make it again.
`
