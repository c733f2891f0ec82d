import * as Options from "@effect/cli/Options"
import * as Schema from "effect/Schema"

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `90s`, `15m`, `2h`, `7d` in milliseconds. */
export const parseTtl = (text: string): number | undefined => {
  const [, amount, unit] = /^(\d{1,9})(ms|[smhdw])$/.exec(text) ?? []
  const ms = amount === undefined ? 0 : Number(amount) * units[unit!]!
  return ms > 0 ? ms : undefined
}

export const ttl = Options.text("ttl").pipe(
  Options.withSchema(
    Schema.String.pipe(Schema.filter((text) => (parseTtl(text) === undefined ? "--ttl is a time such as 90s, 15m, 2h or 7d" : true))),
  ),
  Options.withPseudoName("time"),
  Options.withDescription("How long it is kept: 90s, 15m, 2h, 7d. For ever, unless this is given."),
  Options.optional,
)
