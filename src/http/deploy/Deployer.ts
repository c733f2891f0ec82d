import { randomInt } from "node:crypto"
import { Worker } from "node:worker_threads"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { type Asker, Commands, type HandleError } from "../../commands/Commands.ts"
import { SiteNameInvalid, siteNameProblem } from "../../commands/site.ts"
import type { ManifestServer } from "../../events/manifest.ts"
import type { DeploySource } from "../../events/site.ts"
import { CallFailed, type Calls, threadOnDemand } from "../../threads.ts"
import { Functions } from "../Functions.ts"
import { Settings } from "../Settings.ts"
import type { CompressCalls } from "./compressThread.ts"
import type { Prepared, RuleProblem } from "./prepare.ts"
import { codeRefused, DeployRefused } from "./refused.ts"
import type { UnpackCalls } from "./unpackThread.ts"

/** A deploy that is live and durable. */
export interface Published {
  readonly site: string
  readonly deploy: string
  readonly files: number
  readonly bytes: number
  readonly warnings: ReadonlyArray<RuleProblem>
  readonly server: ManifestServer | undefined
  readonly notes: ReadonlyArray<string>
}

export type DeployError = DeployRefused | HandleError

/** How a deploy was described by who made it. */
export interface DeployNote {
  readonly source: DeploySource
  readonly message: string | undefined
}

/** Makes deploys live. Unpacking, hashing, checking and compressing happen in threads of their own. */
export class Deployer extends Context.Tag("fazt/Deployer")<
  Deployer,
  {
    /** Publishes the zip at the path `file`. */
    readonly deployZip: (
      site: string,
      file: string,
      spa: boolean | undefined,
      note: DeployNote,
      asker: Asker,
    ) => Effect.Effect<Published, DeployError>
    /** Publishes what the body of a publish request (JSON of `DeployRequest`) describes. */
    readonly deployManifest: (site: string, body: string, asker: Asker) => Effect.Effect<Published, DeployError>
    /** Makes the precompressed forms that the manifest's files lack, in the background. */
    readonly compress: (manifest: string) => Effect.Effect<void>
  }
>() {
  static readonly layer = (options: {
    readonly path: string
    readonly unpackThread: URL
    readonly compressThread: URL
  }): Layer.Layer<Deployer, never, CartridgeWriter | Commands | Functions | Settings> =>
    Layer.scoped(
      Deployer,
      Effect.gen(function* () {
        const writer = yield* CartridgeWriter
        const commands = yield* Commands
        const settings = yield* Settings
        const functions = yield* Functions

        const thread = <C extends Calls>(name: string, entry: URL) =>
          Effect.acquireRelease(
            Effect.sync(() =>
              threadOnDemand<C>(() => {
                const port = writer.connect()
                return new Worker(entry, { workerData: { path: options.path, writer: port }, transferList: [port], name })
              }),
            ),
            ({ stop }) => Effect.promise(stop),
          )
        const unpacker = yield* thread<UnpackCalls>("fazt-unpack", options.unpackThread)
        const compressor = yield* thread<CompressCalls>("fazt-compress", options.compressThread)
        const scope = yield* Effect.scope

        const prepared = <A>(call: (calls: typeof unpacker.calls) => Promise<A>): Effect.Effect<A, DeployRefused> =>
          Effect.catchAll(Effect.tryPromise({ try: () => call(unpacker.calls), catch: (error) => error }), (error) => {
            const refusal = asRefusal(error)
            return refusal === undefined ? Effect.die(error) : Effect.fail(refusal)
          })

        const checkName = (site: string): Effect.Effect<void, SiteNameInvalid> => {
          const reason = siteNameProblem(site)
          return reason === undefined ? Effect.void : Effect.fail(new SiteNameInvalid({ site, reason }))
        }

        const compress = (manifest: string): Effect.Effect<void> =>
          Effect.promise(() => compressor.calls.compress(manifest)).pipe(
            Effect.tapErrorCause((cause) =>
              Effect.logError(`The files of ${manifest} could not be compressed; the next start tries again.`, cause),
            ),
            Effect.forkIn(scope),
            Effect.asVoid,
          )

        /** Makes the image that requests will begin with; code that does not start is never live. */
        const start = (site: string, deploy: string, manifest: string, server: ManifestServer): Effect.Effect<void, DeployRefused> =>
          Effect.flatMap(
            Effect.promise(() => functions.check({ site, deploy, manifest, server })),
            (refusal) => (refusal === undefined ? Effect.void : Effect.fail(codeRefused("CODE_FAILED", refusal))),
          )

        const publish = (site: string, prepared: Prepared, { source, message }: DeployNote, asker: Asker) =>
          Effect.gen(function* () {
            const { manifest, files, bytes, warnings, server, notes } = prepared
            const deploy = newDeployId()
            if (server !== undefined) yield* start(site, deploy, manifest, server)
            const command = { _tag: "DeploySite", site, deploy, manifest, files, bytes, source } as const
            yield* commands.handle(message === undefined ? command : { ...command, message }, asker)
            yield* compress(manifest)
            return { site, deploy, files, bytes, warnings, server, notes } satisfies Published
          })

        return {
          deployZip: (site, file, spa, note, asker) =>
            Effect.gen(function* () {
              yield* checkName(site)
              const ready = yield* prepared((calls) => calls.unpack(file, spa, settings.deployLimits()))
              return yield* publish(site, ready, note, asker)
            }),
          deployManifest: (site, body, asker) =>
            Effect.gen(function* () {
              yield* checkName(site)
              const ready = yield* prepared((calls) => calls.publish(body, settings.deployLimits()))
              return yield* publish(site, ready, { source: ready.source ?? { kind: "api" }, message: ready.message }, asker)
            }),
          compress,
        }
      }),
    )
}

/** What the thread refused, as an error of this thread's classes. */
const asRefusal = (error: unknown): DeployRefused | undefined => {
  if (!(error instanceof CallFailed)) return undefined
  const { code, status, details } = error.fields as { readonly code?: string; readonly status?: number; readonly details?: unknown }
  if (typeof code !== "string" || typeof status !== "number") return undefined
  return new DeployRefused({ code, status, message: error.message, details })
}

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"

/** Fifty bits that nobody can guess. */
const newDeployId = (): string => Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)]).join("")
