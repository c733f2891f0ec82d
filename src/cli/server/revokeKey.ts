import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"

const id = Args.text({ name: "id" }).pipe(Args.withDescription("The key's id, as `fazt server keys` shows it."))

export const revokeKey = verb(
  "revoke-key",
  { summary: "Make an API key stop working, for ever.", examples: ["fazt server revoke-key k3j9x2"] },
  { id, json, ...serverOptions },
  ({ id, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.keys.revoke({ path: { id: segment(id) } }), ({ data }) =>
        answer(json, { id, ...data }, ({ paint }) => `${paint.green("✓")} key ${id} no longer works`),
      ),
    ),
)
