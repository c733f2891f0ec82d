import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { withServer } from "../connection.ts"
import { minute, printable } from "../format.ts"
import { expiresInHours } from "../lifetime.ts"
import { given, json, serverOptions, sites } from "../options.ts"
import { note, print, printJson } from "../output.ts"
import { verb } from "../verb.ts"
import { wordsOf } from "../words.ts"
import { sitesOf } from "./list.ts"
import { role } from "./role.ts"

const remark = Options.text("note").pipe(
  Options.withSchema(Schema.String.pipe(Schema.maxLength(200, { message: () => "--note can have 200 characters at most" }))),
  Options.withDescription("For whom it is, say: those who manage users see it."),
  Options.optional,
)
const expires = expiresInHours("How long it is good: 12h, 7d, at most 30d (default a week).")

export const invite = verb(
  "invite",
  {
    summary: "Invite somebody, and print the link once.",
    details: ["Whoever opens the link chooses a name and a password. It is good once."],
    examples: ["fazt users invite --role viewer", "fazt users invite --role deployer --sites blog,shop --note 'for Ann' --expires 2d"],
  },
  { role, sites: sites("The sites of a deployer"), remark, expires, json, ...serverOptions },
  ({ role, sites, remark, expires, json, ...options }) =>
    Effect.gen(function* () {
      const payload = { role, sites: wordsOf(sites), ...given("note", remark), ...given("expires_in_hours", expires) }
      const { data } = yield* withServer(options, ({ api }) => api.users.invite({ payload }))
      if (json) return yield* printJson(data)
      const as = data.role === "deployer" ? `deployer of ${sitesOf(data)}` : data.role
      const whom = data.note === null ? "" : ` (${printable(data.note)})`
      yield* note(
        `Invitation ${data.id} as ${as}${whom}, until ${minute(Date.parse(data.expires_at))}. Its code is ${data.code}, shown this once:`,
      )
      yield* print(data.url)
    }),
)
