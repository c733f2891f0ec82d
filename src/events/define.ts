import * as Schema from "effect/Schema"

/**
 * Declares one event type: a past fact, its version in its name (`v1.SiteDeployed`).
 *
 * A released type never changes its meaning and is never removed. The same version may gain optional fields; anything else is
 * a new version with an upcaster in `codec.ts`. Payloads are plain JSON without secrets or file bytes.
 *
 * `erasable` says whether its payload may be erased for privacy or retention; facts that other facts lean on may not. `isValid` is a plain
 * check for types that are appended often: true of nothing that the schema would not take as it is.
 */
export const defineEvent = <const Type extends string, Fields extends Schema.Struct.Fields>(
  type: Type,
  fields: Fields,
  { erasable = false, isValid }: { readonly erasable?: boolean; readonly isValid?: (data: unknown) => boolean } = {},
) => ({ type, schema: Schema.Struct(fields), erasable, isValid })

/** The `{ type, data }` shape of a definition made by `defineEvent`. */
export type EventOf<Definition> = Definition extends {
  readonly type: infer Type extends string
  readonly schema: { readonly Type: infer Data }
}
  ? { readonly type: Type; readonly data: Data }
  : never
