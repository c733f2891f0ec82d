import * as Effect from "effect/Effect"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { readPeers, withoutPeer, writePeers } from "../peers.ts"
import { verb } from "../verb.ts"
import { name, needPeer } from "./named.ts"

export const remove = verb(
  "remove",
  { summary: "Forget a server.", examples: ["fazt peer remove prod"] },
  { name, json },
  ({ name, json }) =>
    Effect.gen(function* () {
      const before = yield* readPeers
      yield* needPeer(before, name)
      const peers = withoutPeer(before, name)
      yield* writePeers(peers)
      yield* answer(json, { removed: name, default: peers.default ?? null }, ({ paint }) => {
        const next = peers.default === before.default ? "" : `; the default is now ${peers.default ?? "none"}`
        return `${paint.green("✓")} ${name} is forgotten${next}`
      })
    }),
)
