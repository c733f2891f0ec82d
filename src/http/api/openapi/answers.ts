import { errorCodes } from "../../../errorCodes.ts"
import type { Json } from "./schemas.ts"

/** Each kind of failure: its name in the document, and what it means. */
const kinds: Readonly<Record<number, readonly [name: string, description: string]>> = {
  400: [
    "BadRequest",
    "The request is malformed, or something in it is missing or not as it has to be. `details.issues` names each field and its constraint.",
  ],
  401: ["Unauthorized", "Nobody is logged in and no key was sent, or it is not a good one."],
  403: ["Forbidden", "The caller may not do this, or not on this site."],
  404: ["NotFound", "There is no such thing."],
  405: ["MethodNotAllowed", "There is something at this address, which takes other methods: `Allow` names them."],
  409: ["Conflict", "It does not go with how things are now."],
  413: ["PayloadTooLarge", "The body is larger than this endpoint takes."],
  414: ["UriTooLong", "The address is too long."],
  415: ["UnsupportedMediaType", "The body is of a type that this endpoint does not take."],
  429: ["TooManyRequests", "Too many requests in a minute. `Retry-After` says when there may be one more."],
  500: ["InternalError", "Something is wrong with the server; its log says what."],
  503: ["Unavailable", "The server cannot do this now. Trying again helps."],
  507: ["StorageFull", "The server's disk is full or broken. Nothing was changed."],
}

/** Statuses of failures that come of what a body says or is. */
const forBodies: ReadonlySet<number> = new Set([413, 415])
/** Those that come of a change. */
const forChanges: ReadonlySet<number> = new Set([409, 507])

const rateLimitHeaders = {
  RateLimit: { $ref: "#/components/headers/RateLimit" },
  "RateLimit-Policy": { $ref: "#/components/headers/RateLimitPolicy" },
}

/** The failures that an operation can end with, for its `responses`. They are told in full, since many a program does not follow references there. */
export const failuresOf = (method: string): Json =>
  Object.fromEntries(
    Object.entries(kinds)
      .filter(([status]) => method !== "get" || !(forBodies.has(Number(status)) || forChanges.has(Number(status))))
      .map(([status, [name, description]]) => [
        status,
        {
          description,
          ...headersOf(Number(status)),
          content: { "application/json": { schema: { $ref: `#/components/schemas/${name}` } } },
        },
      ]),
  )

/** A success as the framework describes it, with what every answer of the API says of limits. */
export const withRateLimits = (success: Json): Json => ({
  ...success,
  headers: { ...rateLimitHeaders, ...(success["headers"] as Json | undefined) },
})

/** The headers and failures that operations refer to. */
export const answerComponents = {
  headers: {
    RateLimit: {
      description:
        'What is left of the caller\'s requests and when there is one more, as `"read";r=2999;t=1` (draft-ietf-httpapi-ratelimit-headers).',
      schema: { type: "string" },
    },
    RateLimitPolicy: {
      description: 'How many requests there may be in how many seconds, as `"read";q=3000;w=60`.',
      schema: { type: "string" },
    },
    RetryAfter: { description: "Seconds to wait before the next attempt.", schema: { type: "integer", minimum: 0 } },
    Allow: { description: "The methods that this address takes.", schema: { type: "string" } },
  },
  schemas: Object.fromEntries(Object.entries(kinds).map(([status, [name]]) => [name, failureSchema(codesOf(Number(status)))])),
}

function headersOf(status: number): Json | undefined {
  const retryAfter = { "Retry-After": { $ref: "#/components/headers/RetryAfter" } }
  if (status === 429) return { headers: { ...retryAfter, ...rateLimitHeaders } }
  if (status === 503) return { headers: retryAfter }
  return status === 405 ? { headers: { Allow: { $ref: "#/components/headers/Allow" } } } : undefined
}

function codesOf(status: number): ReadonlyArray<string> {
  return Object.entries(errorCodes).flatMap(([code, of]) => (of === status ? [code] : []))
}

function failureSchema(codes: ReadonlyArray<string>): Json {
  return {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["code", "message"],
        properties: {
          code: { type: "string", enum: codes, description: "For programs: it stays the same." },
          message: { type: "string", description: "For people: what is wrong and what to do. It may change." },
          details: { description: "More, where it helps." },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  }
}
