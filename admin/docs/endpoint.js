import { codeBlock, h, inline, paragraphs } from "./dom.js"

/** Everything about one operation. */
export const endpointBody = (document, read, { method, path, operation }) =>
  h(
    "div",
    { class: "body" },
    ...ownWords(operation).flatMap(paragraphs),
    whoMay(operation),
    parameters(read, operation),
    requestBody(read, operation),
    ...answers(read, operation),
    failures(document, operation),
    h("h4", {}, "Example"),
    codeBlock(curl(read, method, path, operation), "curl command"),
  )

/** Who may use it is told in another form than in the last words of its description. */
const ownWords = ({ description }) => {
  const words = (description ?? "").split("\n\n").filter((part) => part !== "" && !part.startsWith("Needs "))
  return words.length === 0 ? [] : [words.join("\n\n")]
}

const whoMay = (operation) => {
  const permission = operation["x-permission"] ?? "public"
  if (permission === "public") return h("p", { class: "who" }, h("b", {}, "For everybody."))
  if (permission === "account") return h("p", { class: "who" }, h("b", {}, "For whoever is logged in."), " API keys have no account.")
  const list = (names) => names.flatMap((name, i) => [i === 0 ? "" : ", ", h("code", {}, name)])
  return h(
    "dl",
    { class: "who" },
    h("div", {}, h("dt", {}, "Permission"), h("dd", {}, h("code", {}, permission))),
    h("div", {}, h("dt", {}, "Roles"), h("dd", {}, ...list(operation["x-roles"]))),
    h("div", {}, h("dt", {}, "Key scopes"), h("dd", {}, ...list(operation["x-scopes"]))),
  )
}

const parameters = ({ typeText, bounds }, { parameters: all = [] }) => {
  if (all.length === 0) return undefined
  const row = ({ name, in: where, required, description, schema }) =>
    h(
      "li",
      {},
      h("span", { class: "name" }, h("code", {}, name), required ? undefined : h("i", {}, "optional")),
      h(
        "span",
        { class: "type" },
        typeText(schema),
        h("small", {}, ` ${[where === "path" ? "in the path" : where === "header" ? "a header" : "in the query", ...bounds(schema)].join(", ")}`),
      ),
      description !== undefined && h("span", { class: "about" }, ...inline(description)),
    )
  return h("section", {}, h("h4", {}, "Parameters"), h("ul", { class: "fields" }, ...all.map(row)))
}

const requestBody = (read, { requestBody: body }) => {
  if (body === undefined) return undefined
  return h(
    "section",
    {},
    h("h4", {}, "Body ", h("small", {}, Object.keys(body.content).join(", "))),
    body.description !== undefined && h("p", {}, ...inline(body.description)),
    ...Object.values(body.content).map(({ schema }) => (schema === undefined ? undefined : read.inside(schema))),
  )
}

const isSuccess = ([status]) => Number(status) < 400

const answers = (read, { responses }) =>
  Object.entries(responses)
    .filter(isSuccess)
    .map(([status, { description, content = {} }]) =>
      h(
        "section",
        {},
        h("h4", {}, "Answer ", h("span", { class: "status good" }, status), " ", h("small", {}, Object.keys(content).join(", "))),
        description !== undefined && description !== "Success" && h("p", {}, ...inline(description)),
        ...Object.entries(content).flatMap(([type, { schema }]) => {
          const inside = schema === undefined ? undefined : read.inside(schema)
          if (inside === undefined || type !== "application/json") return [inside]
          const text = JSON.stringify(read.example(schema), undefined, 2)
          return [inside, h("details", { class: "example" }, h("summary", {}, "As JSON"), codeBlock(text, "example answer"))]
        }),
      ),
    )

const failures = (document, operation) => {
  const all = Object.entries(operation.responses).filter((entry) => !isSuccess(entry))
  if (all.length === 0) return undefined
  return h(
    "details",
    { class: "failures" },
    h("summary", {}, "Failures", ...all.flatMap(([status]) => [" ", h("span", { class: "status bad" }, status)])),
    h(
      "ul",
      { class: "fields" },
      ...all.map(([status, { description, content }]) =>
        h(
          "li",
          {},
          h("span", { class: "name" }, h("span", { class: "status bad" }, status)),
          h("span", { class: "about" }, ...inline(description ?? ""), " ", ...errorCodes(codesOf(document, content).filter((code) => isPossible(code, operation)))),
        ),
      ),
    ),
  )
}

/** Codes that only publishing can come to, which would be noise elsewhere. */
const ofDeploys = /^(ZIP|PATH|CODE|HASH|BLOBS|NO_FILES|TOO_MANY_FILES|FILE_TOO|SITE_TOO)/

const isPossible = (code, { tags }) => !ofDeploys.test(code) || tags.includes("deploys") || tags.includes("blobs")

/** Codes in a row. */
export const errorCodes = (codes) => codes.map((code) => h("code", { class: "errorcode" }, code))

/** The codes that a failure can have. */
export const codesOf = (document, content) => {
  const ref = content?.["application/json"]?.schema?.$ref
  const schema = ref === undefined ? undefined : document.components.schemas[ref.split("/").at(-1)]
  return schema?.properties?.error?.properties?.code?.enum ?? []
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`

/** How the operation is asked for in a terminal. `$KEY` is an API key. */
const curl = (read, method, path, operation) => {
  const required = (operation.parameters ?? []).filter((parameter) => parameter.required)
  const value = ({ name, schema }) => String(read.example(schema, name))
  const filled = required
    .filter((parameter) => parameter.in === "path")
    .reduce((all, parameter) => all.replace(`{${parameter.name}}`, parameter.name === "path" ? value(parameter) : encodeURIComponent(value(parameter))), path)
  const query = required
    .filter((parameter) => parameter.in === "query")
    .map((parameter) => `${parameter.name}=${encodeURIComponent(value(parameter))}`)
    .join("&")
  const address = `${location.origin}${filled}${query === "" ? "" : `?${query}`}`
  const isPublic = operation.security?.length === 0
  const isForPeople = operation["x-permission"] === "account"
  const lines = [
    `curl${method === "GET" ? "" : ` -X ${method}`} ${quoted(address)}`,
    ...(isPublic ? [] : [isForPeople ? `-b 'fazt_session=…'` : `-H "Authorization: Bearer $KEY"`]),
    ...bodyLines(read, operation.requestBody),
  ]
  return lines.join(" \\\n  ")
}

const bodyLines = (read, body) => {
  if (body === undefined) return []
  const [[type, { schema }]] = Object.entries(body.content)
  if (type === "application/json") return [`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(read.example(schema)))}`]
  if (type !== "multipart/form-data") return ["--data-binary @file"]
  const { properties, required = [] } = read.resolved(schema)
  return required.map((name) => `-F ${name}=${properties[name].contentMediaType === undefined ? read.example(properties[name], name) : `@${name}.zip`}`)
}
