import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { segment, withServer } from "./connection.ts"
import { failed, usageError } from "./errors.ts"
import { json } from "./options.ts"
import { answer } from "./output.ts"
import { needPeer } from "./peer/named.ts"
import { keyIdOf, readPeers, withPeer, writePeers } from "./peers.ts"
import { verb } from "./verb.ts"

const name = Args.text({ name: "peer" }).pipe(Args.withDescription("The peer's name (default: the default peer)."), Args.optional)

export const logout = verb(
  "logout",
  {
    summary: "Revoke the API key that is saved with a peer, and forget it.",
    details: ["The peer itself stays: `fazt login <peer>` gives it a new key, `fazt peer remove` forgets it."],
    examples: ["fazt logout prod"],
  },
  { name, json },
  ({ name, json }) =>
    Effect.gen(function* () {
      const saved = yield* readPeers
      const named = Option.getOrUndefined(Option.orElse(name, () => Option.fromNullable(saved.default)))
      if (named === undefined) return yield* usageError("there is no default peer: name one")
      const { url, token } = yield* needPeer(saved, named)
      const key = keyIdOf(token)
      if (token === undefined) return yield* failed("NOT_LOGGED_IN", `no API key is saved with ${named}`)
      if (key === undefined)
        return yield* failed("NO_KEY", `what is saved with ${named} is no API key of Fazt`, `fazt peer remove ${named} forgets it`)
      const revoked = yield* withServer({ to: Option.some(named), token: Option.some(token), db: Option.none() }, ({ api }) =>
        Effect.as(api.keys.revoke({ path: { id: segment(key) } }), true).pipe(
          // It has been revoked, or has expired.
          Effect.catchTag("Unauthorized", () => Effect.succeed(false)),
        ),
      )
      yield* writePeers(withPeer(yield* readPeers, named, { url }))
      yield* answer(
        json,
        { peer: named, key, revoked },
        ({ paint }) => `${paint.green("✓")} logged out of ${named}: the key ${key} ${revoked ? "is revoked" : "had ended already"}`,
      )
    }),
)
