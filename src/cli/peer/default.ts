import * as Effect from "effect/Effect"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { readPeers, writePeers } from "../peers.ts"
import { verb } from "../verb.ts"
import { name, needPeer } from "./named.ts"

export const makeDefault = verb(
  "default",
  { summary: "Choose the server that commands mean when none is named.", examples: ["fazt peer default prod"] },
  { name, json },
  ({ name, json }) =>
    Effect.gen(function* () {
      const before = yield* readPeers
      const { url } = yield* needPeer(before, name)
      yield* writePeers({ ...before, default: name })
      yield* answer(json, { default: name, url }, ({ paint }) => `${paint.green("✓")} ${name} (${url}) is the default`)
    }),
)
