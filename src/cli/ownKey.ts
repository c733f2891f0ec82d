import { hostname } from "node:os"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Me } from "../http/api/contract/session.ts"
import type { Server } from "./client.ts"
import { segment } from "./connection.ts"
import { usageError } from "./errors.ts"
import { keyName } from "./keys/create.ts"
import { isGiven, parseScopes, type Scope, scopes } from "./keys/scopes.ts"
import { expiresInDays } from "./lifetime.ts"
import { given, sites } from "./options.ts"
import { note } from "./output.ts"
import { findPeer, isPeerName, keyIdOf, type Peers, readPeers, withPeer, writePeers } from "./peers.ts"
import { wordsOf } from "./words.ts"

/** How the key is made with which a server is remembered, and what the server is called here. */
export const keyOptions = {
  as: Options.text("as").pipe(
    Options.withPseudoName("name"),
    Options.withDescription("What to call it here (default: as it is saved, else after its host)."),
    Options.optional,
  ),
  name: keyName("name", "What the key is called on the server (default: after this machine).").pipe(Options.optional),
  scopes: scopes("default what the user may"),
  sites: sites("The only sites that the key is good for"),
  expires: expiresInDays("When the key ends: 30d, 12w. Never, unless this is given."),
}

export interface KeyOptions {
  readonly as: Option.Option<string>
  readonly name: Option.Option<string>
  readonly scopes: ReadonlyArray<string>
  readonly sites: ReadonlyArray<string>
  readonly expires: Option.Option<number>
}

/** Options that hold, found out before anybody types a password. `named`: how the server was named. */
export const checkKeyOptions = (options: KeyOptions, named: string, url: string) =>
  Effect.gen(function* () {
    const peer = Option.getOrElse(options.as, () => "") || nameOf(yield* readPeers, named, url)
    if (!isPeerName(peer)) {
      return yield* usageError(`'${peer}' cannot be a peer's name: use letters, digits, - and _`, "choose one with --as")
    }
    return { ...options, peer, scopes: yield* parseScopes(options.scopes) }
  })

/** Makes a key as the person who is logged in, and remembers the server with it. */
export const rememberWithKey = (
  { api }: Server,
  user: Me,
  url: string,
  { peer, name, scopes, sites, expires }: Effect.Effect.Success<ReturnType<typeof checkKeyOptions>>,
) =>
  Effect.gen(function* () {
    const names = wordsOf(sites)
    const { data: key } = yield* api.keys.create({
      payload: {
        name: Option.getOrElse(name, () => `fazt on ${hostname()}`.slice(0, 64)),
        scopes: isGiven(scopes) ? scopes : scopesOf(user),
        ...(names.length === 0 ? {} : { sites: names }),
        ...given("expires_in_days", expires),
      },
    })
    // Read only now, since somebody sat at the prompts meanwhile.
    const remember = Effect.gen(function* () {
      const before = yield* readPeers
      const peers = withPeer(before, peer, { url, token: Redacted.make(key.token) })
      yield* writePeers(peers)
      return { before, isDefault: peers.default === peer }
    })
    // A key that nobody has is of no use to anybody.
    const { before, isDefault } = yield* Effect.onError(remember, () => Effect.ignore(api.keys.revoke({ path: { id: segment(key.id) } })))
    yield* tellOfOld(before, peer, user)
    const { token: _, message: __, ...shown } = key
    const told = `the key ${key.id} (${key.scopes.join(", ")}) is saved as the peer ${peer}${isDefault ? ", the default" : ""}`
    return { json: { peer, url, default: isDefault, user, key: shown }, told }
  })

/** Whether somebody of this role may have keys at all. */
export const mayHaveKeys = ({ role }: Me): boolean => role !== "viewer"

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

/** A key that was saved before may be in use elsewhere, so it goes on working. */
const tellOfOld = (before: Peers, peer: string, { username }: Me) =>
  Effect.suspend(() => {
    const id = keyIdOf(findPeer(before, peer)?.token)
    return id === undefined
      ? Effect.void
      : note(`the key that ${peer} had before still works: end it with fazt keys revoke ${id}, if ${username} may`)
  })
