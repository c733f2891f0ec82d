import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { issue } from "../../commands/issue.ts"
import { type ErrorCode, errorCodes } from "../../errorCodes.ts"

/** A successful answer: `{"data": …}`. */
export const Data = <A, I>(data: Schema.Schema<A, I>) => Schema.Struct({ data })

const Size = Schema.Int.pipe(Schema.nonNegative())

/** Part of a list that is counted: `total` items in all, of which these are the `limit` behind the first `offset`. */
export const List = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ data: Schema.Array(item), meta: Schema.Struct({ total: Size, limit: Size, offset: Size }) })

/** Part of a list that goes on: `meta.next` is the cursor of the next page, `null` at the end. */
export const Page = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ data: Schema.Array(item), meta: Schema.Struct({ limit: Size, next: Schema.NullOr(Schema.String) }) })

/** Programs may meet codes of a later release, so any text is read; the document lists those of this one. */
const Code = Schema.String.annotations({ jsonSchema: { type: "string", enum: Object.keys(errorCodes) } })

const ErrorBody = Schema.Struct({
  error: Schema.Struct({ code: Code, message: Schema.String, details: Schema.optional(Schema.Unknown) }),
})

/** What every failure carries: a stable `code` for programs, a `message` for people, and `details` where they help. */
export interface FailureFields {
  readonly code: string
  readonly message: string
  readonly details?: unknown
}

/** A failure with one HTTP status, on the wire `{"error": {"code", "message", "details"?}}`. */
const failure = <const Tag extends string>(tag: Tag, status: number) => {
  class Failure extends Schema.TaggedError<Failure>()(tag, {
    code: Schema.String,
    message: Schema.String,
    details: Schema.optional(Schema.Unknown),
  }) {}
  const onWire = Schema.transform(ErrorBody, Schema.typeSchema(Failure), {
    strict: true,
    decode: ({ error }) => new Failure(error),
    encode: ({ code, message, details }) => ({ error: details === undefined ? { code, message } : { code, message, details } }),
  }).annotations(HttpApiSchema.annotations({ status }))
  return { tag, status, make: (fields: FailureFields) => new Failure(fields), schema: onWire }
}

const BadRequest = failure("BadRequest", 400)
const Unauthorized = failure("Unauthorized", 401)
const Forbidden = failure("Forbidden", 403)
const NotFound = failure("NotFound", 404)
const MethodNotAllowed = failure("MethodNotAllowed", 405)
const Conflict = failure("Conflict", 409)
const PayloadTooLarge = failure("PayloadTooLarge", 413)
const UriTooLong = failure("UriTooLong", 414)
const UnsupportedMediaType = failure("UnsupportedMediaType", 415)
const TooManyRequests = failure("TooManyRequests", 429)
const InternalError = failure("InternalError", 500)
const Unavailable = failure("Unavailable", 503)
const StorageFull = failure("StorageFull", 507)

const failures = [
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  MethodNotAllowed,
  Conflict,
  PayloadTooLarge,
  UriTooLong,
  UnsupportedMediaType,
  TooManyRequests,
  InternalError,
  Unavailable,
  StorageFull,
] as const

/** Every failure that an endpoint may answer with. */
export const Failure = Schema.Union(
  BadRequest.schema,
  Unauthorized.schema,
  Forbidden.schema,
  NotFound.schema,
  MethodNotAllowed.schema,
  Conflict.schema,
  PayloadTooLarge.schema,
  UriTooLong.schema,
  UnsupportedMediaType.schema,
  TooManyRequests.schema,
  InternalError.schema,
  Unavailable.schema,
  StorageFull.schema,
)
export type Failure = typeof Failure.Type

const ofStatus = (status: number) => failures.find((kind) => kind.status === status) ?? InternalError

/** A failure with the status that belongs to its code. */
export const refusal = (code: ErrorCode, message: string, details?: unknown): Failure =>
  ofStatus(errorCodes[code]).make(details === undefined ? { code, message } : { code, message, details })

/** What a handler finds wrong with a field that no schema can say. `constraint`: what the field has to be, where `message` says more. */
export const invalid = (field: string, message: string, constraint = message): Failure =>
  refusal("VALIDATION_FAILED", message, issue(field, constraint))

/** What nobody foresaw. The log has it. */
export const internalError: Failure = refusal("INTERNAL_ERROR", "Something went wrong on the server; its log says what.")

/** An error of the domain says what it is by its code and which status it has. */
export interface DomainError extends FailureFields {
  readonly status: number
}

/** The failure that tells a client of a domain error. */
export const toFailure = ({ code, message, details, status }: DomainError): Failure => {
  return ofStatus(status).make(details === undefined ? { code, message } : { code, message, details })
}

/** The status that a failure is sent with. */
export const statusOf = (failure: Failure): number => failures.find(({ tag }) => tag === failure._tag)!.status

/** Seconds that the client should wait, where the failure says so: for the header `Retry-After`. */
export const retryAfter = ({ details }: FailureFields): number | undefined => {
  const seconds = (details as { readonly retry_after?: unknown } | undefined)?.retry_after
  return typeof seconds === "number" ? seconds : undefined
}
