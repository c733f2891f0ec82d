import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { renderEntries } from "../config/entries.ts"
import { segment, withServer } from "../connection.ts"
import { usageError } from "../errors.ts"
import { domain, json, port, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"

export const setConfig = verb(
  "set-config",
  {
    summary: "Set a server's domain and port.",
    details: ["The same as `fazt config set server.domain` and `server.port`."],
    examples: ["fazt server set-config --domain example.com --port 443"],
  },
  { domain, port, json, ...serverOptions },
  ({ domain, port, json, ...options }) =>
    Effect.gen(function* () {
      const settings = [
        ...Option.match(domain, { onNone: () => [], onSome: (value) => [{ key: "server.domain", value }] }),
        ...Option.match(port, { onNone: () => [], onSome: (value) => [{ key: "server.port", value: String(value) }] }),
      ]
      if (settings.length === 0) return yield* usageError("nothing to set: give --domain or --port")
      const entries = yield* withServer(options, ({ api }) =>
        Effect.forEach(settings, ({ key, value }) =>
          Effect.map(api.config.set({ path: { key: segment(key) }, payload: { value } }), ({ data }) => data),
        ),
      )
      yield* answer(json, entries, (look) => renderEntries(entries, look))
    }),
)
