import { existsSync } from "node:fs"
import { resolve } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { UsernameInvalid } from "../commands/accountErrors.ts"
import { usernameProblem } from "../commands/accountMembers.ts"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { Commands, type HandleError } from "../commands/Commands.ts"
import { InvalidSetting, settings } from "../commands/config.ts"
import { Environment, localSocket } from "../config.ts"
import type { CartridgeUnusable } from "../events/cartridge.ts"
import { EventLog, LogIsReadOnly } from "../events/EventLog.ts"
import type { CartridgeLocked } from "../events/lock.ts"
import { isPasswordHash } from "../http/accounts/password.ts"
import { passwordProblem } from "../http/accounts/passwordRules.ts"
import type { DeployError } from "../http/deploy/Deployer.ts"
import { removeOldUploads } from "../http/deploy/upload.ts"
import { type EdgeListener, type ListenFailed, listenOnPort, listenOnSocket } from "../http/Edge.ts"
import { Handler } from "../http/Handler.ts"
import { ServerInfo } from "../http/ServerInfo.ts"
import { Settings } from "../http/Settings.ts"
import {
  type CartridgeOptions,
  type Credentials,
  cartridgeLayer,
  compressLiveSites,
  enrollOwner,
  enrollOwnerByHash,
  seedExamples,
  seedSystemSites,
  warmFunctions,
} from "../server.ts"

/** There is no cartridge where one was expected. */
export class CartridgeMissing extends Data.TaggedError("CartridgeMissing")<{ readonly db: string }> {
  override get message(): string {
    return `There is no cartridge at ${this.db}. \`fazt server init --db ${this.db}\` or \`fazt server start --db ${this.db}\` makes one.`
  }
}

/** A new cartridge was asked for where there is a file. */
export class CartridgeExists extends Data.TaggedError("CartridgeExists")<{ readonly db: string }> {
  override get message(): string {
    return `${this.db} exists already. Start it with \`fazt server start --db ${this.db}\`, or give another path with --db.`
  }
}

/** A new owner cannot have this password, or this hash of one; which it was, nothing says. */
export class PasswordRefused extends Data.TaggedError("PasswordRefused")<{ readonly message: string }> {}

/** The server cannot go on; its message says why. */
export class ServerFailed extends Data.TaggedError("ServerFailed")<{ readonly message: string; readonly cause: unknown }> {}

export interface Ready {
  readonly url: string
  readonly domain: string
  readonly port: number
  readonly db: string
  readonly version: string
  readonly head: { readonly seq: number; readonly hash: string }
  /** Why the cartridge cannot be written to, if it cannot. */
  readonly readOnly: Option.Option<string>
  readonly firstRun: Option.Option<Credentials & { readonly published: ReadonlyArray<string> }>
}

type StartError = CartridgeLocked | CartridgeUnusable | ListenFailed | HandleError | DeployError | ServerFailed

/**
 * Runs the server until it is interrupted; then it stops accepting, finishes what is running, and closes the cartridge. On first
 * run it makes the cartridge, its owner and a first key, and publishes the folders in `examples`.
 */
export const runServer = (options: {
  readonly db: string
  readonly port: Option.Option<number>
  readonly domain: Option.Option<string>
  readonly examples: Option.Option<string>
  /** Stands between the port and what answers. */
  readonly wrap?: (listener: EdgeListener) => EdgeListener
  readonly onReady: (ready: Ready) => Effect.Effect<void>
  readonly onProgress: (message: string) => Effect.Effect<void>
}): Effect.Effect<never, StartError, Environment> => {
  let listening: number | undefined
  return Effect.gen(function* () {
    const environment = yield* Environment
    const domain = yield* checkDomain(Option.orElse(options.domain, () => environment.domain))
    const port = Option.orElse(options.port, () => environment.port)
    const layer = cartridgeLayer({
      db: options.db,
      mode: "threads",
      domain,
      port: () => listening,
      onProgress: (message) => Effect.runFork(options.onProgress(message)),
    })
    const serve = Effect.gen(function* () {
      const writer = yield* CartridgeWriter
      const handler = yield* Handler
      const settings = yield* Settings
      const info = yield* ServerInfo
      yield* listenOnSocket(handler, localSocket(options.db))
      listening = yield* listenOnPort(
        options.wrap?.(handler) ?? handler,
        Option.getOrElse(port, () => settings.number("server.port")),
      )
      // Only now, so that a port that is taken cannot swallow credentials that are shown once.
      const firstRun = writer.readOnly === undefined ? yield* prepare(options.examples) : Option.none()
      if (writer.readOnly === undefined) yield* compressLiveSites
      yield* Effect.forkScoped(warmFunctions)
      yield* Effect.tryPromise(() => removeOldUploads()).pipe(
        Effect.catchAll((error) => Effect.logWarning("Uploads that an earlier run left behind could not be removed.", error)),
        Effect.forkScoped,
      )
      yield* options.onReady({
        url: info.addresses.admin(),
        domain: info.domain,
        port: listening,
        db: info.db,
        version: info.version,
        head: yield* (yield* EventLog).head,
        readOnly: Option.map(Option.fromNullable(writer.readOnly), (unknown) => new LogIsReadOnly(unknown).message),
        firstRun,
      })
      return yield* Effect.mapError(writer.died, (cause) => new ServerFailed({ message: cause.message, cause }))
    })
    // The listeners' scope is the inner one: they are drained while what they need is still there.
    return yield* Effect.provide(Effect.scoped(serve), layer).pipe(retryWhileLocked)
  })
}

/** Hosts are compared in lower case; what could never be one is refused before anything is made. */
const checkDomain = (given: Option.Option<string>): Effect.Effect<Option.Option<string>, InvalidSetting> => {
  const domain = Option.map(given, (name) => name.toLowerCase())
  const reason = Option.isNone(domain) ? undefined : settings["server.domain"].problem(domain.value)
  if (Option.isNone(domain) || reason === undefined) return Effect.succeed(domain)
  return Effect.fail(new InvalidSetting({ key: "server.domain", value: domain.value, reason }))
}

/** A short command may hold the cartridge just now; a server does not give it up so soon. */
const retryWhileLocked = <A, R>(server: Effect.Effect<A, StartError, R>): Effect.Effect<A, StartError, R> =>
  Effect.retry(server, { while: ({ name }) => name === "CartridgeLocked", schedule: Schedule.spaced("250 millis"), times: 8 })

/** What a new cartridge needs before it is served. */
const prepare = (examples: Option.Option<string>) =>
  Effect.gen(function* () {
    const credentials = yield* enrollOwner("admin", Option.none())
    yield* seedSystemSites
    if (Option.isNone(credentials)) return Option.none()
    const published = Option.isSome(examples) ? yield* seedExamples(resolve(examples.value)) : []
    return Option.some({ ...credentials.value, published })
  })

const shortCommand = (db: string): CartridgeOptions => ({
  db,
  mode: "one-thread",
  domain: Option.none(),
  port: () => undefined,
  onProgress: () => {},
})

/** Where a new owner's password comes from: it is given, or a hash of it, or it is made up. */
export type OwnerPassword =
  | { readonly kind: "given"; readonly password: Redacted.Redacted }
  | { readonly kind: "hash"; readonly hash: Redacted.Redacted }
  | { readonly kind: "made up" }

/** Makes a cartridge with its owner and a first key. Gives the password where it was made up, since nobody knows it else. */
export const initCartridge = (options: {
  readonly db: string
  readonly username: string
  readonly password: OwnerPassword
  readonly domain: Option.Option<string>
  readonly port: Option.Option<number>
}): Effect.Effect<
  Omit<Credentials, "password"> & { readonly password: string | undefined },
  StartError | CartridgeExists | PasswordRefused,
  Environment
> =>
  Effect.gen(function* () {
    const { db, username, password } = options
    if (existsSync(db)) return yield* new CartridgeExists({ db })
    const domain = yield* checkDomain(options.domain)
    yield* checkOwner(
      username,
      password,
      Option.getOrElse(domain, () => ""),
    )
    const make = Effect.gen(function* () {
      const commands = yield* Commands
      const owner = yield* enrolled(username, password)
      const set = (key: string, value: Option.Option<string | number>) =>
        Option.isNone(value)
          ? Effect.void
          : commands.handle({ _tag: "SetConfig", key, value: String(value.value) }, { actor: "owner", cause: "init" })
      yield* set("server.domain", domain)
      yield* set("server.port", options.port)
      yield* seedSystemSites
      return owner
    })
    return yield* Effect.scoped(Effect.provide(make, cartridgeLayer(shortCommand(db))))
  })

/** What could never be is refused before anything is made. */
const checkOwner = (username: string, password: OwnerPassword, domain: string): Effect.Effect<void, HandleError | PasswordRefused> => {
  const reason = usernameProblem(username)
  if (reason !== undefined) return Effect.fail(new UsernameInvalid({ username, reason }))
  const problem =
    password.kind === "given"
      ? passwordProblem(Redacted.value(password.password), [username, domain, "fazt"])
      : password.kind === "hash" && !isPasswordHash(Redacted.value(password.hash))
        ? "This is no password hash of a known form: Argon2id, scrypt or bcrypt."
        : undefined
  return problem === undefined ? Effect.void : Effect.fail(new PasswordRefused({ message: problem }))
}

const enrolled = (username: string, password: OwnerPassword) => {
  switch (password.kind) {
    case "hash":
      return Effect.map(enrollOwnerByHash(username, Redacted.value(password.hash)), (owner) => ({
        ...Option.getOrThrow(owner),
        password: undefined,
      }))
    case "given":
      return Effect.map(enrollOwner(username, Option.some(Redacted.value(password.password))), (owner) => ({
        ...Option.getOrThrow(owner),
        password: undefined,
      }))
    case "made up":
      return Effect.map(enrollOwner(username, Option.none()), Option.getOrThrow)
  }
}

/** Opens the cartridge in this process and serves its API on its local socket until the scope closes. */
export const openCartridge = (
  db: string,
): Effect.Effect<void, CartridgeMissing | CartridgeLocked | CartridgeUnusable | ListenFailed, Scope.Scope | Environment> =>
  Effect.gen(function* () {
    if (!existsSync(db)) return yield* new CartridgeMissing({ db })
    const context = yield* Layer.build(cartridgeLayer(shortCommand(db)))
    yield* listenOnSocket(yield* Effect.provide(Handler, context), localSocket(db))
  })
