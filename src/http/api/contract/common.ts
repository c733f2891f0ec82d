import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { Data } from "../envelope.ts"

/** RFC 3339, UTC, milliseconds. */
export const Time = Schema.String.annotations({ identifier: "Time", jsonSchema: { type: "string", format: "date-time" } })

export const Count = Schema.Int.pipe(Schema.nonNegative()).annotations({ jsonSchema: { type: "integer", minimum: 0 } })

/** A site's name in a path, in any case. */
export const site = HttpApiSchema.param(
  "site",
  Schema.transform(Schema.String.annotations({ description: "The site's name." }), Schema.String, {
    strict: true,
    decode: (name) => name.toLowerCase(),
    encode: (name) => name,
  }),
)

/**
 * A body or parameters in which nothing else may be: a name that is misspelt, such as `if_verson`, would otherwise be left out in silence and
 * more be done than was asked for. What clients of Fazt 0.9 send is not held to it.
 */
export const exactly = <S extends Schema.Schema.Any>(schema: S): S => {
  // Annotating a schema takes its name away.
  const identifier = Option.getOrUndefined(SchemaAST.getIdentifierAnnotation(schema.ast))
  return schema.annotations({
    parseOptions: { onExcessProperty: "error" },
    ...(identifier === undefined ? {} : { identifier }),
  }) as S
}

export const Message = Data(Schema.Struct({ message: Schema.String }))

// What stands in an address is text; the document says what the text has to be.

/** How many items an answer may have. */
export const Limit = (max: number, byDefault: number) =>
  Schema.optionalWith(
    Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, max)).annotations({
      jsonSchema: { type: "integer", minimum: 1, maximum: max, default: byDefault, description: "How many items the answer may have." },
    }),
    { default: () => byDefault },
  )

/** How many items to leave out before the first. */
export const Offset = Schema.optionalWith(
  Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()).annotations({
    jsonSchema: { type: "integer", minimum: 0, default: 0, description: "How many items to leave out before the first." },
  }),
  { default: () => 0 },
)

export const Flag = Schema.optionalWith(Schema.BooleanFromString.annotations({ jsonSchema: { type: "boolean", default: false } }), {
  default: () => false,
})

export const Cursor = Schema.optional(
  Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()).annotations({ jsonSchema: { type: "integer", minimum: 0 } }),
)

/** Seconds that an answer may wait for news. */
export const Wait = Schema.optionalWith(
  Schema.NumberFromString.pipe(Schema.between(0, 30)).annotations({
    jsonSchema: { type: "number", minimum: 0, maximum: 30, default: 0, description: "Seconds that the answer may wait for news." },
  }),
  { default: () => 0 },
)

/** Keys, documents and objects: what is the same in everything that happened to one of them. */
export const changeFields = {
  version: Count,
  seq: Count,
  at: Time,
  actor: Schema.String,
  cause: Schema.String,
  kind: Schema.Literal("set", "deleted", "erased"),
}

/** How their histories are asked for: `before` is a version. */
export const historyParams = { before: Cursor, limit: Limit(1000, 50) }

/** How they are listed by a beginning of their name. */
export const PrefixParams = Schema.Struct({
  prefix: Schema.optionalWith(Schema.String, { default: () => "" }),
  cursor: Schema.optional(Schema.String),
  limit: Limit(1000, 100),
})

/** A refusal that quotes what it refuses would tell a secret. */
export const SecretText = Schema.String.annotations({ message: () => "it is no text" })
