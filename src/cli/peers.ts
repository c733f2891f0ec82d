import { randomBytes } from "node:crypto"
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Environment } from "../config.ts"
import { failed, messageOf, systemCode } from "./errors.ts"

export const Peer = Schema.Struct({ url: Schema.String, token: Schema.optional(Schema.Redacted(Schema.String)) })
export type Peer = typeof Peer.Type

/** The servers this person works with, and the one that is meant when none is named. */
export const Peers = Schema.Struct({
  version: Schema.Literal(1),
  default: Schema.optional(Schema.String),
  peers: Schema.Record({ key: Schema.String, value: Peer }),
})
export type Peers = typeof Peers.Type

export const noPeers: Peers = { version: 1, peers: {} }

/** Letters, digits, `-` and `_`: so that a peer is never mistaken for a host. */
export const isPeerName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name) && name !== "localhost"

const decode = Schema.decodeUnknownSync(Schema.parseJson(Peers))
const encode = Schema.encodeSync(Schema.parseJson(Peers, { space: 2 }))

const peersFile = Effect.map(Environment, ({ configFolder }) => join(configFolder, "peers.json"))

export const readPeers = Effect.flatMap(peersFile, (file) =>
  Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: (cause) => cause }).pipe(
    Effect.flatMap((text) => Effect.try({ try: () => decode(text), catch: (cause) => cause })),
    Effect.catchAll((cause) =>
      systemCode(cause) === "ENOENT"
        ? Effect.succeed(noPeers)
        : Effect.fail(
            failed("PEERS_UNREADABLE", `cannot read ${file}: ${firstLine(cause)}`, "mend the file, or remove it and add the peers again"),
          ),
    ),
  ),
)

/** Replaces the file as a whole: nobody ever reads half of it, and nobody but its owner reads it at all. */
export const writePeers = (peers: Peers) =>
  Effect.flatMap(peersFile, (file) =>
    Effect.tryPromise({
      try: () => replaceFile(file, `${encode(peers)}\n`),
      catch: (cause) => failed("PEERS_UNWRITABLE", `cannot write ${file}: ${messageOf(cause)}`),
    }),
  )

export const findPeer = ({ peers }: Peers, name: string): Peer | undefined => (Object.hasOwn(peers, name) ? peers[name] : undefined)

/** The first peer becomes the default. */
export const withPeer = (peers: Peers, name: string, peer: Peer): Peers => ({
  version: 1,
  default: peers.default ?? name,
  peers: { ...peers.peers, [name]: peer },
})

/** When the default goes and only one is left, that is the default. */
export const withoutPeer = ({ default: standard, peers }: Peers, name: string): Peers => {
  const { [name]: _, ...rest } = peers
  const names = Object.keys(rest)
  const next = standard !== name ? standard : names.length === 1 ? names[0] : undefined
  return { version: 1, peers: rest, ...(next === undefined ? {} : { default: next }) }
}

/** The id of an API key, which is no secret: what lists show and `fazt keys revoke` takes. */
export const keyIdOf = (token: Redacted.Redacted | undefined): string | undefined =>
  token === undefined ? undefined : /^fazt_([A-Za-z0-9]+)_/.exec(Redacted.value(token))?.[1]

/** What of a token may be shown: its id, not its secret. */
export const tokenHint = (token: Redacted.Redacted | undefined): string => {
  if (token === undefined) return ""
  const id = keyIdOf(token)
  return id === undefined ? "…" : `fazt_${id}_…`
}

const replaceFile = async (file: string, text: string): Promise<void> => {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const draft = `${file}.${randomBytes(6).toString("hex")}`
  try {
    const handle = await open(draft, "wx", 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (cause) {
    await rm(draft, { force: true })
    throw cause
  }
}

const firstLine = (cause: unknown): string => messageOf(cause).split("\n", 1)[0] ?? ""
