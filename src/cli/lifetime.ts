import * as Options from "@effect/cli/Options"
import * as Schema from "effect/Schema"

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `90s`, `15m`, `2h`, `7d` in milliseconds. */
export const parseTime = (text: string): number | undefined => {
  const [, amount, unit] = /^(\d{1,9})(ms|[smhdw])$/.exec(text) ?? []
  const ms = amount === undefined ? 0 : Number(amount) * units[unit!]!
  return ms > 0 ? ms : undefined
}

const hour = units["h"]!
const day = units["d"]!

const lifetime = (unit: number, problem: string, description: string) =>
  Options.text("expires").pipe(
    Options.withSchema(Schema.String.pipe(Schema.filter((text) => Number.isInteger((parseTime(text) ?? 0.5) / unit) || problem))),
    Options.withPseudoName("time"),
    Options.withDescription(description),
    Options.map((text) => parseTime(text)! / unit),
    Options.optional,
  )

/** When something ends, in whole days from now. */
export const expiresInDays = (description: string) =>
  lifetime(day, "--expires is a number of days or weeks such as 30d or 12w", description)

/** When something ends, in whole hours from now. */
export const expiresInHours = (description: string) =>
  lifetime(hour, "--expires is a number of hours, days or weeks such as 12h, 7d or 2w", description)
