import * as HttpMethod from "@effect/platform/HttpMethod"
import * as OpenApi from "@effect/platform/OpenApi"
import { version } from "../../resources.ts"
import { Api } from "./Api.ts"
import { answerComponents, failuresOf, withRateLimits } from "./openapi/answers.ts"
import { plainPaths, rawAnswers, rawBodies } from "./openapi/plain.ts"
import { type Json, plainSchema } from "./openapi/schemas.ts"
import { policy, type Rule, rolePermissions, scopePermissions } from "./policy.ts"

/** An OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.0), as far as it is of use to our own code. */
export interface OpenApiDocument extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>
}

/**
 * The API's description: what the framework makes of the contract, completed by what it does not know. That is who may use each endpoint, by
 * the policy; the envelope of failures and their codes; bodies that are no JSON; and the endpoints outside of the contract.
 */
export const openApiDocument = (): OpenApiDocument => {
  const generated = OpenApi.fromApi(Api)
  return {
    openapi: "3.1.0",
    info: { ...generated.info, version, summary: "One server, driven by people and programs.", description: introduction, license },
    servers: [{ url: "/", description: "The host that this document comes from: `admin.<domain>`, or `localhost` on the machine itself." }],
    tags: generated.tags as unknown as ReadonlyArray<Json>,
    paths: pathsOf(generated.paths as unknown as OpenApiDocument["paths"]),
    components: {
      schemas: { ...schemasOf(generated.components.schemas as unknown as Json), ...answerComponents.schemas },
      headers: answerComponents.headers,
      securitySchemes,
    },
  }
}

const license = { name: "MIT", identifier: "MIT" }

const introduction = `Everything that one Fazt server can be asked by its owner, by the command line and by programs.

**Answers** are \`{"data": …}\`. Lists say in \`meta\` where they are: \`{total, limit, offset}\` where the whole is counted, \`{limit, next}\` where \`next\` is the cursor of the next page. Failures are \`{"error": {code, message, details?}}\`: decide by the status and the \`code\`; the \`message\` is for people. An answer never has both. Later releases may add fields.

**Callers** send \`Authorization: Bearer <key>\`, or the cookie that logging in gives. What each endpoint needs is said there; whatever else is refused. A request with a cookie that changes something must come from the server's own pages.

**Limits**: \`RateLimit\` and \`RateLimit-Policy\` tell what is left; a request too many gets 429 and \`Retry-After\`.`

const securitySchemes = {
  key: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "fazt_<id>_<secret>",
    description: "An API key: `fazt keys create`, or `POST /api/keys`.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-fazt_session",
    description: "The cookie of somebody who has logged in. Without TLS its name is `fazt_session`.",
  },
}

const pathsOf = (generated: OpenApiDocument["paths"]): OpenApiDocument["paths"] => {
  const paths: Record<string, Record<string, Json>> = {}
  const add = (path: string, method: string, operation: Json): void => {
    paths[path] = { ...paths[path], [method]: operation }
  }
  for (const [path, operations] of Object.entries(generated)) {
    for (const [method, operation] of Object.entries(operations)) {
      add(path.replace(/\*$/, "{path}"), method, permitted(path, method, contractOperation(method, operation)))
    }
  }
  for (const [path, operations] of Object.entries(plainPaths)) {
    for (const [method, operation] of Object.entries(operations)) add(path, method, permitted(path, method, operation))
  }
  return paths
}

/** An operation of the contract, with what the framework does not know of it. */
const contractOperation = (method: string, operation: Json): Json => {
  const { parameters, requestBody = rawBodies[String(operation["operationId"])], responses, security: _, ...rest } = operation
  const described =
    rawAnswers[String(operation["operationId"])] ??
    Object.fromEntries(Object.entries(responses as Json).filter(([status]) => Number(status) < 400))
  return {
    ...rest,
    parameters: (parameters as ReadonlyArray<Json>).map(parameterOf),
    ...(requestBody === undefined || !HttpMethod.hasBody(method.toUpperCase() as HttpMethod.HttpMethod)
      ? {}
      : { requestBody: plainSchema(requestBody) }),
    responses: {
      ...Object.fromEntries(Object.entries(described).map(([status, success]) => [status, withRateLimits(plainSchema(success) as Json)])),
      ...failuresOf(method),
    },
  }
}

/** The framework describes a parameter beside its schema and in it. What stands for the rest of a path has a star for its name. */
const parameterOf = ({ name, schema, description: _, ...parameter }: Json): Json => {
  const { description, ...plain } = plainSchema(schema) as Json
  const told = name === "*" ? "The rest of the path; the slashes in it stay as they are." : description
  return { name: name === "*" ? "path" : name, ...parameter, ...(told === undefined ? {} : { description: told }), schema: plain }
}

/** Says who may use an operation. */
const permitted = (path: string, method: string, operation: Json): Json => {
  const endpoint = `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`
  const rule = policy[endpoint]
  // Outside of the API, and for everybody.
  if (rule === undefined && path === "/health") return { ...operation, security: [] }
  if (rule === undefined) throw new Error(`${endpoint} has no row in the policy.`)
  const { needs } = rule
  if (needs === "public") return { ...operation, security: [], "x-permission": "public" }
  return {
    ...operation,
    description: [operation["description"], permissionText(needs, rule)].filter((part) => part !== undefined).join("\n\n"),
    security: needs === "account" ? [{ session: [] }] : [{ key: [] }, { session: [] }],
    "x-permission": needs,
    "x-roles": rolesWith(needs),
    "x-scopes": scopesWith(needs),
  }
}

const permissionText = (needs: Exclude<Rule["needs"], "public">, { site }: Rule): string => {
  if (needs === "account") return "Needs somebody who is logged in; keys have no account."
  return `Needs the permission \`${needs}\`${site === undefined ? "" : " on the site"}: roles ${rolesWith(needs).join(", ")}; key scopes ${scopesWith(needs).join(", ")}.`
}

const rolesWith = (needs: Exclude<Rule["needs"], "public">): ReadonlyArray<string> =>
  Object.entries(rolePermissions).flatMap(([role, granted]) => (granted.has(needs) ? [role] : []))

const scopesWith = (needs: Exclude<Rule["needs"], "public">): ReadonlyArray<string> =>
  Object.entries(scopePermissions).flatMap(([scope, granted]) => (granted.has(needs) ? [scope] : []))

/** What the framework describes that is told here in another way: failures, and whole numbers. */
const replaced: ReadonlySet<string> = new Set(["Int", "HttpApiDecodeError", "Issue", "PropertyKey", "NonEmptyString"])

const schemasOf = (generated: Json): Json =>
  Object.fromEntries(Object.entries(generated).flatMap(([name, schema]) => (replaced.has(name) ? [] : [[name, plainSchema(schema)]])))
