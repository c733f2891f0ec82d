import { readdir } from "node:fs/promises"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { CartridgeWriter, layerInProcess, layerThread, type WriterConfig } from "./commands/CartridgeWriter.ts"
import { Commands, type HandleError } from "./commands/Commands.ts"
import { sqliteEventLog } from "./commands/SqliteEventLog.ts"
import { siteNameProblem } from "./commands/site.ts"
import { portAsk } from "./commands/writerPort.ts"
import { cartridgePath, defaultDomain, Environment } from "./config.ts"
import { blobReader } from "./events/blobs.ts"
import type { CartridgeUnusable } from "./events/cartridge.ts"
import type { EventLog } from "./events/EventLog.ts"
import type { CartridgeLocked } from "./events/lock.ts"
import { decodeManifest } from "./events/manifest.ts"
import { hashPassword, newPassword } from "./http/accounts/password.ts"
import { newKey } from "./http/api/newKey.ts"
import { addresses } from "./http/api/views.ts"
import { blobSink } from "./http/deploy/blobSink.ts"
import { type DeployError, Deployer } from "./http/deploy/Deployer.ts"
import { storeFolder } from "./http/deploy/folder.ts"
import { Functions } from "./http/Functions.ts"
import { Handler } from "./http/Handler.ts"
import { Reads } from "./http/Reads.ts"
import { Secrets } from "./http/Secrets.ts"
import { ServerInfo } from "./http/ServerInfo.ts"
import { Settings } from "./http/Settings.ts"
import { SiteEnv } from "./http/SiteEnv.ts"
import { Sockets } from "./http/Sockets.ts"
import { accessQueries } from "./projections/access.ts"
import { Queries } from "./projections/Queries.ts"
import { siteQueries } from "./projections/sites.ts"
import { migrations, seedFolder, threadUrl, version } from "./resources.ts"
import { expireKeys } from "./runtime/expiry.ts"
import { LogBuffer } from "./runtime/LogBuffer.ts"

/** How a cartridge is opened. */
export interface CartridgeOptions {
  readonly db: string
  /** `threads`: a server. `one-thread`: a short command, which is over before a thread has started. */
  readonly mode: "threads" | "one-thread"
  readonly domain: Option.Option<string>
  /** The port that is listened on, once it is known. */
  readonly port: () => number | undefined
  readonly onProgress: (message: string) => void
}

export type Cartridge = CartridgeWriter | Commands | Deployer | EventLog | Functions | Handler | Queries | Reads | ServerInfo | Settings

/** The one graph: everything that a process needs to serve a cartridge. */
export const cartridgeLayer = (options: CartridgeOptions): Layer.Layer<Cartridge, CartridgeLocked | CartridgeUnusable, Environment> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { masterKey } = yield* Environment
      const path = cartridgePath(options.db)
      const startedAt = yield* Clock.currentTimeMillis
      const config: WriterConfig = {
        path,
        migrations: migrations(),
        release: version,
        masterKey: Option.getOrUndefined(Option.map(masterKey, Redacted.value)),
        holder: `process ${process.pid}, since ${new Date(startedAt).toISOString()},`,
        onRebuild: ({ projection, seq, total }) => options.onProgress(`Rebuilding the projection ${projection}: ${seq} of ${total} events`),
      }
      const threads = options.mode === "threads"
      const writer = threads ? layerThread(config, threadUrl("commands/writerThread")) : layerInProcess(config)
      const queries = threads ? Queries.layerThread(path, threadUrl("projections/readerThread")) : Queries.layerInProcess(path)
      const info = Layer.effect(
        ServerInfo,
        Effect.map(Settings, (settings) => {
          const domain = Option.getOrElse(options.domain, () => settings.get("server.domain") || defaultDomain)
          return {
            version,
            domain,
            port: options.port,
            db: path,
            startedAt,
            addresses: addresses("http", domain, options.port),
          }
        }),
      )
      const deployer = Deployer.layer({
        path,
        unpackThread: threadUrl("http/deploy/unpackThread"),
        compressThread: threadUrl("http/deploy/compressThread"),
      })
      return Handler.layer.pipe(
        Layer.provideMerge(deployer),
        Layer.provideMerge(threads ? Layer.merge(Functions.layer(path), expireKeys(path)) : Functions.layer(path)),
        Layer.provideMerge(Sockets.layer),
        Layer.provideMerge(Layer.mergeAll(SiteEnv.layer, LogBuffer.layer)),
        Layer.provideMerge(Secrets.layer),
        Layer.provideMerge(info),
        Layer.provideMerge(Settings.layer),
        Layer.provideMerge(Layer.mergeAll(queries, Reads.layer(path), Commands.layer, sqliteEventLog(path))),
        Layer.provideMerge(writer),
      )
    }),
  )

/** The new owner's credentials, known now and never again. */
export interface Credentials {
  readonly username: string
  readonly password: string
  readonly token: string
}

const bySystem = { actor: "system", cause: "first-run" }

/** Gives a cartridge that has no owner one, with a password and an API key for everything. Nothing if it has an owner. */
export const enrollOwner = (
  username: string,
  givenPassword: Option.Option<string>,
): Effect.Effect<Option.Option<Credentials>, HandleError, Commands | Reads> =>
  Effect.suspend(() => {
    const password = Option.getOrElse(givenPassword, newPassword)
    const enrolled = enroll(
      username,
      Effect.promise(() => hashPassword(password)),
    )
    return Effect.map(
      enrolled,
      Option.map((owner) => ({ ...owner, password })),
    )
  })

/** The same with the hash of a password, one that `isPasswordHash`: what the password is, whoever has it knows. */
export const enrollOwnerByHash = (username: string, passwordHash: string) => enroll(username, Effect.succeed(passwordHash))

const enroll = (
  username: string,
  passwordHash: Effect.Effect<string>,
): Effect.Effect<Option.Option<Omit<Credentials, "password">>, HandleError, Commands | Reads> =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const { db } = yield* Reads
    if (accessQueries(db).hasOwner()) return Option.none()
    const ref = "owner/password"
    yield* commands.handle({ _tag: "EnrollOwner", username, password: ref }, bySystem, [{ ref, secret: yield* passwordHash }])
    const { token, command } = newKey("first key", ["admin"])
    yield* commands.handle(command, bySystem)
    return Option.some({ username, token })
  })

/** Publishes a folder of this machine as a site, unless the site has ever been there: the owner may have deleted it. */
const seedSite = (site: string, folder: string): Effect.Effect<boolean, DeployError, CartridgeWriter | Deployer | Reads> =>
  Effect.gen(function* () {
    const deployer = yield* Deployer
    const writer = yield* CartridgeWriter
    const { db } = yield* Reads
    if (siteQueries(db).site(site) !== undefined) return false
    const blobs = blobReader(db)
    const port = writer.connect()
    const sink = blobSink(portAsk(port), (hash) => blobs.size(hash) !== undefined)
    const { files } = yield* Effect.promise(() => storeFolder(sink, folder)).pipe(Effect.ensuring(Effect.sync(() => port.close())))
    const body = JSON.stringify({ files, source: { kind: "seed" } })
    yield* deployer.deployManifest(site, body, { actor: "system", cause: "seed" })
    return true
  })

/** The sites that every cartridge starts with: its front page and its page for unknown sites. */
export const seedSystemSites: Effect.Effect<void, DeployError, CartridgeWriter | Deployer | Reads> = Effect.forEach(
  ["root", "404"],
  (site) => seedSite(site, seedFolder(site)),
  { discard: true },
)

/** Publishes each folder in `folder` as a site of its name. */
export const seedExamples = (folder: string): Effect.Effect<ReadonlyArray<string>, DeployError, CartridgeWriter | Deployer | Reads> =>
  Effect.gen(function* () {
    const entries = yield* Effect.promise(() => readdir(folder, { withFileTypes: true }))
    const names = entries.filter((entry) => entry.isDirectory() && siteNameProblem(entry.name) === undefined).map(({ name }) => name)
    return yield* Effect.filter(names.sort(), (name) => seedSite(name, join(folder, name)))
  })

/** Makes the precompressed forms that live sites lack, as after a crash in the middle of it. */
export const compressLiveSites: Effect.Effect<void, never, Deployer | Reads> = Effect.gen(function* () {
  const { compress } = yield* Deployer
  const { db } = yield* Reads
  yield* Effect.forEach(siteQueries(db).liveManifests(), compress, { discard: true })
})

/** Programs that a start makes ready before anybody asks for them. */
const mostWarmed = 100

/** Makes the images of live sites' server code again, those that changed last first, so that no visitor waits for them. */
export const warmFunctions: Effect.Effect<void, never, Functions | Reads> = Effect.gen(function* () {
  const functions = yield* Functions
  const { db } = yield* Reads
  const blobs = blobReader(db)
  for (const { site, deploy, manifest } of siteQueries(db).liveDeploys(mostWarmed)) {
    const { server } = decodeManifest(blobs.bytes(manifest)!)
    if (server !== undefined) yield* Effect.promise(() => functions.check({ site, deploy, manifest, server }))
  }
})
