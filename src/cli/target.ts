import { isIP } from "node:net"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { defaultPort } from "../config.ts"
import { type CliError, usageError } from "./errors.ts"
import { findPeer, type Peers } from "./peers.ts"

/** Which server a verb talks to: another one over HTTP, or the cartridge on this machine. */
export type Target =
  | { readonly kind: "remote"; readonly url: string; readonly token: Option.Option<Redacted.Redacted> }
  | { readonly kind: "local"; readonly db: string }

/** What the flags and the environment say of it. */
export interface Wish {
  readonly to: Option.Option<string>
  readonly token: Option.Option<Redacted.Redacted>
  readonly db: Option.Option<string>
  readonly env: {
    readonly to: Option.Option<string>
    readonly token: Option.Option<Redacted.Redacted>
    readonly db: Option.Option<string>
  }
  readonly defaultDb: string
  readonly peers: Peers
}

/** `--to` or `--db`, else FAZT_TO, else the default peer, else the cartridge at FAZT_DB or in this folder. */
export const chooseTarget = (wish: Wish): Either.Either<Target, CliError> => {
  if (Option.isSome(wish.to) && Option.isSome(wish.db)) {
    return Either.left(usageError("--to names another server and --db a cartridge on this machine: give one of them"))
  }
  if (Option.isSome(wish.db)) return Either.right({ kind: "local", db: wish.db.value })
  const named = Option.orElse(wish.to, () => Option.orElse(wish.env.to, () => Option.fromNullable(wish.peers.default)))
  if (Option.isNone(named)) return Either.right({ kind: "local", db: Option.getOrElse(wish.env.db, () => wish.defaultDb) })

  const token = Option.orElse(wish.token, () => wish.env.token)
  const peer = findPeer(wish.peers, named.value)
  if (peer !== undefined)
    return Either.right({ kind: "remote", url: peer.url, token: Option.orElse(token, () => Option.fromNullable(peer.token)) })
  return Either.map(parseServer(named.value, Object.keys(wish.peers.peers)), (url) => {
    const saved = Object.values(wish.peers.peers).find((candidate) => candidate.url === url)
    return { kind: "remote", url, token: Option.orElse(token, () => Option.fromNullable(saved?.token)) }
  })
}

/**
 * The base URL of a server as people write it. Without a scheme: `http` for this machine and for bare addresses, else `https`.
 * Plain HTTP to one of those means Fazt's own port, unless another is given.
 */
export const parseServer = (text: string, peers: ReadonlyArray<string> = []): Either.Either<string, CliError> => {
  const trimmed = text.trim()
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1]?.toLowerCase()
  const bare = trimmed.slice(scheme === undefined ? 0 : scheme.length + 3)
  const authority = bare.split(/[/?#]/, 1)[0] ?? ""
  const host = hostOf(authority)
  if (scheme === undefined && !isAddress(host) && !/[.:]/.test(authority)) {
    const known = peers.length === 0 ? "there are none yet" : `known: ${peers.join(", ")}`
    return Either.left(
      usageError(`'${text}' is neither a URL nor a peer (${known})`, "add it with: fazt peer add <name> --url <url> --token <token>"),
    )
  }
  const url = parseUrl(
    `${scheme ?? (isAddress(host) ? "http" : "https")}://${isIP(authority) === 6 ? `[${authority}]${bare.slice(authority.length)}` : bare}`,
  )
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return Either.left(usageError(`'${text}' is no URL of a server`, "write it like https://admin.example.com or localhost:4698"))
  }
  if (url.protocol === "http:" && isAddress(host) && !/:\d+$/.test(isIP(authority) === 6 ? "" : authority)) url.port = String(defaultPort)
  return Either.right(url.origin + url.pathname.replace(/\/+$/, "").replace(/\/api$/, ""))
}

/** Whether an API key sent there in the clear could be read on the way. */
export const isExposed = (base: string): boolean => {
  const { protocol, hostname } = new URL(base)
  return protocol === "http:" && !isLocalName(hostname) && !/^(127\.|\[::1\])/.test(hostname)
}

/** `localhost` and every name below it are this machine (RFC 6761), whatever the resolver says. */
export const isLocalName = (host: string): boolean => host === "localhost" || host.endsWith(".localhost")

const isAddress = (host: string): boolean => isLocalName(host) || isIP(host) !== 0

const hostOf = (authority: string): string => {
  if (isIP(authority) !== 0) return authority
  return authority
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase()
}

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined)
