import * as Options from "@effect/cli/Options"
import * as Schema from "effect/Schema"
import { parseTime } from "../lifetime.ts"

export const ttl = Options.text("ttl").pipe(
  Options.withSchema(
    Schema.String.pipe(Schema.filter((text) => (parseTime(text) === undefined ? "--ttl is a time such as 90s, 15m, 2h or 7d" : true))),
  ),
  Options.withPseudoName("time"),
  Options.withDescription("How long it is kept: 90s, 15m, 2h, 7d. For ever, unless this is given."),
  Options.optional,
)
