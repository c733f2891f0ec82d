import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"

/** A successful answer: `{"data": …}`. */
export const Data = <A, I>(data: Schema.Schema<A, I>) => Schema.Struct({ data })

/** One page of a list: `meta.next` is the cursor of the next page, `null` at the end. */
export const Page = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ data: Schema.Array(item), meta: Schema.Struct({ next: Schema.NullOr(Schema.String) }) })

const ErrorBody = Schema.Struct({
  error: Schema.Struct({ code: Schema.String, message: Schema.String, details: Schema.optional(Schema.Unknown) }),
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

export const BadRequest = failure("BadRequest", 400)
export const Unauthorized = failure("Unauthorized", 401)
export const Forbidden = failure("Forbidden", 403)
export const NotFound = failure("NotFound", 404)
export const Conflict = failure("Conflict", 409)
export const PayloadTooLarge = failure("PayloadTooLarge", 413)
export const TooManyRequests = failure("TooManyRequests", 429)
export const InternalError = failure("InternalError", 500)
export const Unavailable = failure("Unavailable", 503)
export const StorageFull = failure("StorageFull", 507)

const failures = [
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  Conflict,
  PayloadTooLarge,
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
  Conflict.schema,
  PayloadTooLarge.schema,
  TooManyRequests.schema,
  InternalError.schema,
  Unavailable.schema,
  StorageFull.schema,
)
export type Failure = typeof Failure.Type

/** An error of the domain says what it is by its code and which status it has. */
export interface DomainError extends FailureFields {
  readonly status: number
}

/** The failure that tells a client of a domain error. */
export const toFailure = ({ code, message, details, status }: DomainError): Failure => {
  const kind = failures.find((candidate) => candidate.status === status) ?? InternalError
  return kind.make(details === undefined ? { code, message } : { code, message, details })
}

/** The status that a failure is sent with. */
export const statusOf = (failure: Failure): number => failures.find(({ tag }) => tag === failure._tag)!.status

/** Seconds that the client should wait, where the failure says so: for the header `Retry-After`. */
export const retryAfter = ({ details }: FailureFields): number | undefined => {
  const seconds = (details as { readonly retry_after?: unknown } | undefined)?.retry_after
  return typeof seconds === "number" ? seconds : undefined
}
