import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { withServer } from "../connection.ts"
import { minute } from "../format.ts"
import { expiresInDays } from "../lifetime.ts"
import { given, json, serverOptions, sites } from "../options.ts"
import { note, print, printJson } from "../output.ts"
import { verb } from "../verb.ts"
import { wordsOf } from "../words.ts"
import { isGiven, parseScopes, scopes } from "./scopes.ts"

/** A key's name, as an option of this name. */
export const keyName = (option: string, description: string) =>
  Options.text(option).pipe(
    Options.withSchema(
      Schema.String.pipe(Schema.filter((text) => (text.length >= 1 && text.length <= 64) || `--${option} must have 1 to 64 characters`)),
    ),
    Options.withDescription(description),
  )

const name = keyName("name", "What the key is for.")
const expires = expiresInDays("When it ends: 30d, 12w. Never, unless this is given.")

/** Makes a key; `words` are those by which the verb is called. */
export const createVerb = <const Name extends string>(called: Name, words: string) =>
  verb(
    called,
    {
      summary: "Make an API key and print it, once.",
      details: [
        "`deploy` includes `read`, logs and the names of variables; `kv` is for documents and objects too; `admin` includes everything but one's own account.",
        "A key never may more than whoever made it may. The server keeps only a hash of it.",
      ],
      examples: [
        `fazt ${words} --name laptop`,
        `fazt ${words} --name ci --scopes deploy --sites blog,shop --expires 90d`,
        `fazt ${words} --name watch --scopes metrics,audit --db /var/lib/fazt/data.db`,
      ],
    },
    { name, scopes: scopes("default deploy"), sites: sites("The only sites that it is good for"), expires, json, ...serverOptions },
    ({ name, scopes, sites, expires, json, ...options }) =>
      Effect.gen(function* () {
        const wanted = yield* parseScopes(scopes)
        const names = wordsOf(sites)
        const payload = {
          name,
          scopes: isGiven(wanted) ? wanted : (["deploy"] as const),
          ...(names.length === 0 ? {} : { sites: names }),
          ...given("expires_in_days", expires),
        }
        const { data } = yield* withServer(options, ({ api }) => api.keys.create({ payload }))
        if (json) return yield* printJson(data)
        const where = data.sites === null ? "" : `, for ${data.sites.join(", ")}`
        const until = data.expires_at === null ? "" : `, until ${minute(Date.parse(data.expires_at))}`
        yield* note(`Key ${data.id} for ${data.name} (${data.scopes.join(", ")}${where}${until}). It is shown this once:`)
        yield* print(data.token)
      }),
  )
