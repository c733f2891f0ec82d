import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { id } from "./show.ts"

/** Revokes a key; `words` are those by which the verb is called. */
export const revokeVerb = <const Name extends string>(called: Name, words: string) =>
  verb(
    called,
    { summary: "Make an API key stop working, for ever.", examples: [`fazt ${words} 3f0c9a2b7d11`] },
    { id, json, ...serverOptions },
    ({ id, json, ...options }) =>
      withServer(options, ({ api }) =>
        Effect.flatMap(api.keys.revoke({ path: { id: segment(id) } }), ({ data }) =>
          answer(json, { id, ...data }, ({ paint }) => `${paint.green("✓")} key ${id} no longer works`),
        ),
      ),
  )
