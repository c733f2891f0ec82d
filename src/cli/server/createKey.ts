import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ApiKey } from "../../http/api/contract/keys.ts"
import { withServer } from "../connection.ts"
import { type CliError, usageError } from "../errors.ts"
import { json, serverOptions } from "../options.ts"
import { note, print, printJson } from "../output.ts"
import { verb } from "../verb.ts"

type Scope = ApiKey["scopes"][number]

const known: ReadonlyArray<Scope> = ["read", "deploy", "admin"]

const name = Options.text("name").pipe(
  Options.withSchema(
    Schema.String.pipe(Schema.filter((text) => (text.length >= 1 && text.length <= 64) || "--name must have 1 to 64 characters")),
  ),
  Options.withDescription("What the key is for."),
)
const scopes = Options.text("scopes").pipe(
  Options.withDescription(`What it may do: ${known.join(", ")}; a comma between several (default deploy).`),
  Options.repeated,
)

export const createKey = verb(
  "create-key",
  {
    summary: "Make an API key and print it, once.",
    details: ["`deploy` includes `read`, `admin` includes everything. The server keeps only a hash of the key."],
    examples: ["fazt server create-key --name laptop", "fazt server create-key --name ci --scopes deploy --db /var/lib/fazt/data.db"],
  },
  { name, scopes, json, ...serverOptions },
  ({ name, scopes, json, ...options }) =>
    Effect.gen(function* () {
      const wanted = yield* parseScopes(scopes)
      const { data } = yield* withServer(options, ({ api }) => api.keys.create({ payload: { name, scopes: wanted } }))
      if (json) return yield* printJson(data)
      yield* note(`Key ${data.id} for ${data.name} (${data.scopes.join(", ")}). It is shown this once:`)
      yield* print(data.token)
    }),
)

export const parseScopes = (texts: ReadonlyArray<string>): Effect.Effect<readonly [Scope, ...Array<Scope>], CliError> => {
  const words = texts.flatMap((text) => text.split(",")).map((word) => word.trim())
  const [first = "deploy", ...rest] = new Set(words.filter((word) => word !== ""))
  const [head, ...tail] = [first, ...rest].map((word) => known.find((scope) => scope === word))
  if (head === undefined || tail.includes(undefined)) {
    const wrong = [first, ...rest].find((word) => !known.some((scope) => scope === word))
    return usageError(`there is no scope '${wrong}': use ${known.join(", ")}`)
  }
  return Effect.succeed([head, ...tail.filter((scope) => scope !== undefined)])
}
