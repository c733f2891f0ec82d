import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { Data } from "../envelope.ts"

/** RFC 3339, UTC, milliseconds. */
export const Time = Schema.String.annotations({ identifier: "Time" })

export const Count = Schema.Int.pipe(Schema.nonNegative())

/** A site's name in a path, in any case. */
export const site = HttpApiSchema.param(
  "site",
  Schema.transform(Schema.String, Schema.String, { strict: true, decode: (name) => name.toLowerCase(), encode: (name) => name }),
)

export const Message = Data(Schema.Struct({ message: Schema.String }))

/** How many items an answer may have. */
export const Limit = (max: number, byDefault: number) =>
  Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, max)), { default: () => byDefault })

/** How many items to leave out before the first. */
export const Offset = Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()), { default: () => 0 })

export const Flag = Schema.optionalWith(Schema.BooleanFromString, { default: () => false })

export const Cursor = Schema.optional(Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()))

/** Seconds that an answer may wait for news. */
export const Wait = Schema.optionalWith(Schema.NumberFromString.pipe(Schema.between(0, 30)), { default: () => 0 })

/** A refusal that quotes what it refuses would tell a secret. */
export const SecretText = Schema.String.annotations({ message: () => "it is no text" })
