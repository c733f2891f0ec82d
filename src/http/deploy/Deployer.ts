import { randomInt } from "node:crypto"
import { Worker } from "node:worker_threads"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { type Asker, Commands, type HandleError } from "../../commands/Commands.ts"
import { SiteNameInvalid, siteNameProblem } from "../../commands/site.ts"
import type { DeploySource } from "../../events/site.ts"
import { CallFailed, callThread } from "../../threads.ts"
import { Settings } from "../Settings.ts"
import type { CompressCalls } from "./compressThread.ts"
import type { Prepared, RuleProblem } from "./prepare.ts"
import { DeployRefused } from "./refused.ts"
import type { UnpackCalls } from "./unpackThread.ts"

/** A deploy that is live and durable. */
export interface Published {
  readonly site: string
  readonly deploy: string
  readonly files: number
  readonly bytes: number
  readonly warnings: ReadonlyArray<RuleProblem>
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
    readonly compress: (manifest: string) => void
  }
>() {
  static readonly layer = (options: {
    readonly path: string
    readonly unpackThread: URL
    readonly compressThread: URL
  }): Layer.Layer<Deployer, never, CartridgeWriter | Commands | Settings> =>
    Layer.scoped(
      Deployer,
      Effect.gen(function* () {
        const writer = yield* CartridgeWriter
        const commands = yield* Commands
        const settings = yield* Settings

        /** A worker that is started when it is first needed, and again should it have died. */
        const lazyWorker = (name: string, thread: URL) => {
          let worker: Worker | undefined
          return {
            get: (): Worker => {
              if (worker !== undefined) return worker
              const port = writer.connect()
              const started = new Worker(thread, { workerData: { path: options.path, writer: port }, transferList: [port], name })
              worker = started
              const forget = (): void => {
                if (worker === started) worker = undefined
              }
              started.once("error", forget)
              started.once("exit", forget)
              started.unref()
              return started
            },
            stop: Effect.promise(async () => worker?.terminate()),
          }
        }
        const unpackWorker = lazyWorker("fazt-unpack", options.unpackThread)
        const compressWorker = lazyWorker("fazt-compress", options.compressThread)
        yield* Effect.addFinalizer(() => Effect.zipRight(unpackWorker.stop, compressWorker.stop))

        const unpackCalls = memoByWorker((worker) => callThread<UnpackCalls>(worker))
        const compressCalls = memoByWorker((worker) => callThread<CompressCalls>(worker))

        const prepared = <A>(call: (calls: ReturnType<typeof unpackCalls>) => Promise<A>): Effect.Effect<A, DeployRefused> =>
          Effect.catchAll(Effect.tryPromise({ try: () => call(unpackCalls(unpackWorker.get())), catch: (error) => error }), (error) => {
            const refusal = asRefusal(error)
            return refusal === undefined ? Effect.die(error) : Effect.fail(refusal)
          })

        const checkName = (site: string): Effect.Effect<void, SiteNameInvalid> => {
          const reason = siteNameProblem(site)
          return reason === undefined ? Effect.void : Effect.fail(new SiteNameInvalid({ site, reason }))
        }

        const compress = (manifest: string): void => {
          // A failure leaves files uncompressed until the next start; the thread's own error handler reports it.
          compressCalls(compressWorker.get())
            .compress(manifest)
            .catch(() => {})
        }

        const publish = (site: string, { manifest, files, bytes, warnings }: Prepared, { source, message }: DeployNote, asker: Asker) =>
          Effect.gen(function* () {
            const deploy = newDeployId()
            const command = { _tag: "DeploySite", site, deploy, manifest, files, bytes, source } as const
            yield* commands.handle(message === undefined ? command : { ...command, message }, asker)
            compress(manifest)
            return { site, deploy, files, bytes, warnings } satisfies Published
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

const memoByWorker = <A>(make: (worker: Worker) => A) => {
  const made = new WeakMap<Worker, A>()
  return (worker: Worker): A => {
    const known = made.get(worker) ?? make(worker)
    made.set(worker, known)
    return known
  }
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
