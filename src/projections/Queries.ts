import { Worker } from "node:worker_threads"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { threadOnDemand } from "../threads.ts"
import { makeReader, type ReaderQueries } from "./reader.ts"

type Query = Exclude<keyof ReaderQueries, "close">

/** Queries that may scan, off the edge thread. A failing query is a defect: its arguments are checked before. */
export class Queries extends Context.Tag("fazt/Queries")<
  Queries,
  { readonly [Q in Query]: (...args: Parameters<ReaderQueries[Q]>) => Effect.Effect<ReturnType<ReaderQueries[Q]>> } & {
    /** Queries that have been asked and not answered yet. */
    readonly waiting: () => number
  }
>() {
  /** In the reader thread, at `thread`. */
  static readonly layerThread = (path: string, thread: URL): Layer.Layer<Queries> =>
    Layer.scoped(
      Queries,
      Effect.gen(function* () {
        const start = () => new Worker(thread, { workerData: { path }, name: "fazt-reader" })
        const { calls } = yield* Effect.acquireRelease(
          Effect.sync(() => threadOnDemand<Pick<ReaderQueries, Query>>(start)),
          ({ stop }) => Effect.promise(stop),
        )
        return asService(calls)
      }),
    )

  /** In this thread: for tests and short commands. */
  static readonly layerInProcess = (path: string): Layer.Layer<Queries> =>
    Layer.scoped(
      Queries,
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => makeReader(path)),
          (reader) => Effect.sync(reader.close),
        ),
        asService,
      ),
    )
}

const queries = [
  "audit",
  "auditPage",
  "logs",
  "history",
  "deploys",
  "newestDeploys",
  "kvHistory",
  "objectHistory",
  "documentHistory",
  "documents",
  "files",
  "fileIn",
  "manifestOptions",
  "diff",
  "verify",
  "absent",
  "projectionHeads",
  "figures",
] as const satisfies ReadonlyArray<Query>

const asService = (calls: Record<Query, (...args: never) => unknown>): Context.Tag.Service<Queries> => {
  let waiting = 0
  const ask = async (query: Query, args: ReadonlyArray<unknown>): Promise<unknown> => {
    waiting++
    try {
      return await calls[query](...(args as never))
    } finally {
      waiting--
    }
  }
  const asked = queries.map((query) => [query, (...args: ReadonlyArray<unknown>) => Effect.promise(() => ask(query, args))])
  return { ...Object.fromEntries(asked), waiting: () => waiting } as unknown as Context.Tag.Service<Queries>
}
