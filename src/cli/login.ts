import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import type { Me } from "../http/api/contract/session.ts"
import { credentialOptions } from "./credentials.ts"
import { CliError } from "./errors.ts"
import { exitCodes } from "./exitCodes.ts"
import { json } from "./options.ts"
import { answer } from "./output.ts"
import { checkKeyOptions, keyOptions, mayHaveKeys, rememberWithKey } from "./ownKey.ts"
import { findPeer, readPeers } from "./peers.ts"
import { parseServer } from "./target.ts"
import { verb } from "./verb.ts"

const server = Args.text({ name: "server" }).pipe(Args.withDescription("A URL, a host or a saved peer."))

export const login = verb(
  "login",
  {
    summary: "Log in at a server, and remember it with an API key of one's own.",
    details: [
      "Asks for username and password, and for a code where a second factor is on. The password is kept nowhere: what is saved is a new key, and the session ends at once. `fazt logout` revokes the key.",
      "Without --scopes the key may what its user may, other than change their account.",
    ],
    examples: ["fazt login https://admin.example.com --as prod", "fazt login prod --scopes deploy --sites blog --expires 30d"],
  },
  { server, ...keyOptions, ...credentialOptions, json },
  ({ server: named, as, name, scopes, sites, expires, json, ...credentials }) =>
    Effect.gen(function* () {
      const { peers } = yield* readPeers
      const url = findPeer({ version: 1, peers }, named)?.url ?? (yield* parseServer(named, Object.keys(peers)))
      const options = yield* checkKeyOptions({ as, name, scopes, sites, expires }, named, url)
      const { logIn } = yield* Effect.promise(() => import("./session.ts"))
      const { server, user } = yield* logIn(url, credentials)
      if (!mayHaveKeys(user)) return yield* hasNoKeys(user, url)
      const { told, json: result } = yield* rememberWithKey(server, user, url, options)
      yield* answer(json, result, ({ paint }) => `${paint.green("✓")} logged in at ${url} as ${user.username} (${user.role})\n  ${told}`)
    }).pipe(Effect.scoped),
)

const hasNoKeys = ({ username }: Me, url: string): CliError =>
  new CliError({
    code: "FORBIDDEN",
    message: `${username} is a viewer, and viewers have no API keys`,
    hint: `log in with a browser at ${url}`,
    exitCode: exitCodes.notAuthorised,
  })
