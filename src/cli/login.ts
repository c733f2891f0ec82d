import { hostname } from "node:os"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Me } from "../http/api/contract/session.ts"
import { segment } from "./connection.ts"
import { credentialOptions } from "./credentials.ts"
import { CliError, usageError } from "./errors.ts"
import { exitCodes } from "./exitCodes.ts"
import { keyName } from "./keys/create.ts"
import { isGiven, parseScopes, type Scope, scopes } from "./keys/scopes.ts"
import { expiresInDays } from "./lifetime.ts"
import { given, json, sites } from "./options.ts"
import { answer, note } from "./output.ts"
import { findPeer, isPeerName, keyIdOf, type Peers, readPeers, withPeer, writePeers } from "./peers.ts"
import { parseServer } from "./target.ts"
import { verb } from "./verb.ts"
import { wordsOf } from "./words.ts"

const server = Args.text({ name: "server" }).pipe(Args.withDescription("A URL, a host or a saved peer."))
const as = Options.text("as").pipe(
  Options.withPseudoName("name"),
  Options.withDescription("What to call it here (default: as it is saved, else after its host)."),
  Options.optional,
)
const name = keyName("name", "What the key is called on the server (default: after this machine).").pipe(Options.optional)
const expires = expiresInDays("When the key ends: 30d, 12w. Never, unless this is given.")

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
  {
    server,
    as,
    name,
    scopes: scopes("default what the user may"),
    sites: sites("The only sites that the key is good for"),
    expires,
    ...credentialOptions,
    json,
  },
  ({ server, as, name, scopes, sites, expires, json, ...credentials }) =>
    Effect.gen(function* () {
      const saved = yield* readPeers
      const url = findPeer(saved, server)?.url ?? (yield* parseServer(server, Object.keys(saved.peers)))
      const peer = Option.getOrElse(as, () => nameOf(saved, server, url))
      if (!isPeerName(peer))
        return yield* usageError(`'${peer}' cannot be a peer's name: use letters, digits, - and _`, "choose one with --as")
      const wanted = yield* parseScopes(scopes)
      const { logIn } = yield* Effect.promise(() => import("./session.ts"))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { server, user } = yield* logIn(url, credentials)
          if (user.role === "viewer") return yield* hasNoKeys(user, url)
          const names = wordsOf(sites)
          const { data: key } = yield* server.api.keys.create({
            payload: {
              name: Option.getOrElse(name, () => `fazt on ${hostname()}`.slice(0, 64)),
              scopes: isGiven(wanted) ? wanted : scopesOf(user),
              ...(names.length === 0 ? {} : { sites: names }),
              ...given("expires_in_days", expires),
            },
          })
          // Read again, since somebody sat at the prompts meanwhile.
          const before = yield* readPeers
          const peers = withPeer(before, peer, { url, token: Redacted.make(key.token) })
          // A key that nobody has is of no use to anybody.
          yield* Effect.onError(writePeers(peers), () => Effect.ignore(server.api.keys.revoke({ path: { id: segment(key.id) } })))
          yield* tellOfOld(before, peer, user)
          const isDefault = peers.default === peer
          const { token: _, message: __, ...shown } = key
          yield* answer(json, { peer, url, default: isDefault, user, key: shown }, ({ paint }) =>
            [
              `${paint.green("✓")} logged in at ${url} as ${user.username} (${user.role})`,
              `  the key ${key.id} (${key.scopes.join(", ")}) is saved as the peer ${peer}${isDefault ? ", the default" : ""}`,
            ].join("\n"),
          )
        }),
      )
    }),
)

/** A saved name if there is one, else one after the host: `admin.example.com` → `example-com`. */
export const nameOf = ({ peers }: Peers, named: string, url: string): string => {
  if (Object.hasOwn(peers, named)) return named
  const known = Object.entries(peers).find(([, peer]) => peer.url === url)?.[0]
  if (known !== undefined) return known
  const { hostname } = new URL(url)
  if (hostname === "localhost") return "local"
  return hostname
    .replace(/^admin\./, "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 63)
}

/** All that somebody of this role may give a key. */
const scopesOf = ({ role }: Me): readonly [Scope, ...Array<Scope>] => (role === "deployer" ? ["deploy", "env", "kv"] : ["admin"])

const hasNoKeys = ({ username }: Me, url: string): CliError =>
  new CliError({
    code: "FORBIDDEN",
    message: `${username} is a viewer, and viewers have no API keys`,
    hint: `log in with a browser at ${url}`,
    exitCode: exitCodes.notAuthorised,
  })

/** A key that was saved before may be in use elsewhere, so it goes on working. */
const tellOfOld = (before: Peers, peer: string, { username }: Me) =>
  Effect.suspend(() => {
    const id = keyIdOf(findPeer(before, peer)?.token)
    return id === undefined
      ? Effect.void
      : note(`the key that ${peer} had before still works: end it with fazt keys revoke ${id}, if ${username} may`)
  })
