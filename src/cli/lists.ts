import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Look } from "./table.ts"

/** How much is shown of a counted list, which is shown as a whole unless somebody wants less. */
export const most = Options.integer("limit").pipe(
  Options.withAlias("n"),
  Options.withSchema(Schema.Int.pipe(Schema.greaterThanOrEqualTo(1, { message: () => "--limit must be at least 1" }))),
  Options.withPseudoName("count"),
  Options.withDescription("At most so many; without it, all."),
  Options.optional,
)

/** What there is of a counted list, and how much there would be. */
export interface Whole<Item> {
  readonly items: ReadonlyArray<Item>
  readonly total: number
}

/** All items of a counted list, or the first `most`, over as many answers as they take. `perAnswer`: what one answer can have. */
export const wholeList = <Item, E, R>(
  most: Option.Option<number>,
  ask: (page: {
    readonly limit: number
    readonly offset: number
  }) => Effect.Effect<{ readonly data: ReadonlyArray<Item>; readonly meta: { readonly total: number } }, E, R>,
  perAnswer = 1000,
): Effect.Effect<Whole<Item>, E, R> =>
  Effect.gen(function* () {
    const wanted = Option.getOrElse(most, () => Number.POSITIVE_INFINITY)
    const items: Array<Item> = []
    for (;;) {
      const { data, meta } = yield* ask({ limit: Math.min(perAnswer, wanted - items.length), offset: items.length })
      items.push(...data)
      if (data.length === 0 || items.length >= Math.min(wanted, meta.total)) return { items, total: meta.total }
    }
  })

/** A line below a list that says what of it is not shown. */
export const andMore = ({ items, total }: Whole<unknown>, { paint }: Look): string =>
  items.length >= total ? "" : `\n${paint.dim(`${total - items.length} more: --limit says how many are shown`)}`
