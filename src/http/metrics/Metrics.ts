import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { Queries } from "../../projections/Queries.ts"
import type { Functions as FunctionCore } from "../../runtime/functions.ts"
import { Cache } from "../Cache.ts"
import { Functions } from "../Functions.ts"
import { Limits } from "../limits/Limits.ts"
import { Reads } from "../Reads.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Sockets } from "../Sockets.ts"
import { type Exposition, expositionFor } from "./exposition.ts"
import { processMetrics } from "./process.ts"
import { type Registry, registry } from "./registry.ts"
import { type RequestMeter, requestMeter } from "./requests.ts"
import { sourceMetrics } from "./sources.ts"

/** What the server counts of itself, for programs that watch it. No name of a site is in it, so that it does not grow with them. */
export class Metrics extends Context.Tag("fazt/Metrics")<
  Metrics,
  {
    readonly requests: RequestMeter
    /** The same, with each request to server code counted. */
    readonly counted: (run: FunctionCore["run"]) => FunctionCore["run"]
    /** Lets the metrics show what others count. */
    readonly read: Registry["read"]
    /** All of it in the form that a client takes, by its `Accept` header. */
    readonly scrape: (accept: string | undefined) => Pick<Exposition, "contentType"> & { readonly text: string }
  }
>() {
  static readonly layer: Layer.Layer<
    Metrics,
    never,
    CartridgeWriter | Queries | Reads | Cache | Functions | Sockets | Limits | ServerInfo
  > = Layer.scoped(
    Metrics,
    Effect.gen(function* () {
      const { version, startedAt, db: path } = yield* ServerInfo
      const { db } = yield* Reads
      const { live } = yield* Sockets
      const all = registry()
      const sqlite = db.prepare<[], string>("SELECT sqlite_version()").pluck().get()!
      all.read({
        name: "fazt_build",
        type: "info",
        help: "This release, and what it runs on.",
        read: () => [[{ version, node: process.versions.node, sqlite }, 1]],
      })
      const requests = requestMeter(all)
      sourceMetrics(all, {
        writer: yield* CartridgeWriter,
        queries: yield* Queries,
        db,
        path,
        cache: yield* Cache,
        functions: yield* Functions,
        live,
        limits: yield* Limits,
      })
      const counted = countedRuns(all)
      const stop = processMetrics(all, startedAt)
      yield* Effect.addFinalizer(() => Effect.sync(stop))
      return {
        requests,
        counted,
        read: all.read,
        scrape: (accept) => {
          const { contentType, text } = expositionFor(accept)
          return { contentType, text: text(all.families) }
        },
      }
    }),
  )
}

const results = ["answer", "refused", "failed"] as const
const resultRow = { answer: 0, refused: 1, failed: 2 } as const

/** Seconds. An easy program takes less than a millisecond, and none may take longer than its wall time. */
const runSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

const countedRuns = (all: Registry): ((run: FunctionCore["run"]) => FunctionCore["run"]) => {
  const durations = all.histogram(
    {
      name: "fazt_function_request_duration_seconds",
      unit: "seconds",
      help: "Requests to server code, with the time that they waited, by what came of them.",
    },
    runSeconds,
    results.map((result) => ({ result })),
  )
  return (run) => (target, call, done) => {
    const begun = performance.now()
    run(target, call, (result) => {
      durations.observe(resultRow[result.kind], (performance.now() - begun) / 1000)
      done(result)
    })
  }
}
