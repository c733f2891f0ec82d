import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { usageError } from "../errors.ts"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { isPeerName, readPeers, tokenHint, withPeer, writePeers } from "../peers.ts"
import { parseServer } from "../target.ts"
import { verb } from "../verb.ts"

const name = Args.text({ name: "name" }).pipe(Args.withDescription("What to call it."))
const url = Options.text("url").pipe(Options.withPseudoName("url"), Options.withDescription("Where its API is."))
const token = Options.redacted("token").pipe(Options.withPseudoName("key"), Options.withDescription("An API key of it."), Options.optional)

export const add = verb(
  "add",
  {
    summary: "Remember a server, or replace what is remembered of it.",
    details: ["The first one becomes the default: the server that commands mean when none is named."],
    examples: ["fazt peer add prod --url https://admin.example.com --token fazt_…"],
  },
  { name, url, token, json },
  ({ name, url, token, json }) =>
    Effect.gen(function* () {
      if (!isPeerName(name)) return yield* usageError(`'${name}' cannot be a peer's name: use letters, digits, - and _`)
      const before = yield* readPeers
      const address = yield* parseServer(url)
      const peers = withPeer(before, name, { url: address, ...(Option.isSome(token) ? { token: token.value } : {}) })
      yield* writePeers(peers)
      const isDefault = peers.default === name
      yield* answer(json, { name, url: address, token: tokenHint(Option.getOrUndefined(token)), default: isDefault }, ({ paint }) =>
        [
          `${paint.green("✓")} ${name} ${name in before.peers ? "now means" : "is"} ${address}`,
          isDefault ? ", and the default" : "",
          Option.isNone(token) ? " (without an API key)" : "",
        ].join(""),
      )
    }),
)
