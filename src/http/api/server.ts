import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { EventLog, LogIsReadOnly } from "../../events/EventLog.ts"
import { projections, type RebuildProgress } from "../../projections/projector.ts"
import { Queries } from "../../projections/Queries.ts"
import { siteQueries } from "../../projections/sites.ts"
import type { Functions as FunctionCore } from "../../runtime/functions.ts"
import { Functions } from "../Functions.ts"
import { fileSize } from "../metrics/sources.ts"
import { Reads } from "../Reads.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Sockets } from "../Sockets.ts"
import { Api } from "./Api.ts"
import { invalid } from "./envelope.ts"
import { counted } from "./paging.ts"

export const serverLayer = HttpApiBuilder.group(Api, "server", (handlers) =>
  Effect.gen(function* () {
    const writer = yield* CartridgeWriter
    const queries = yield* Queries
    const info = yield* ServerInfo
    const { db } = yield* Reads
    const log = yield* EventLog
    const functions = yield* Functions
    const { live } = yield* Sockets
    const { counts } = siteQueries(db)
    const scope = yield* Effect.scope
    const rebuilding = yield* Ref.make<ReadonlyMap<string, RebuildProgress>>(new Map())
    const names = projections.map(({ name }) => name)

    const rebuild = (chosen: ReadonlyArray<string>) =>
      writer
        .request({ kind: "rebuild", projections: chosen }, (step) =>
          Effect.runSync(Ref.update(rebuilding, (all) => new Map(all).set(step.projection, step))),
        )
        .pipe(Effect.ensuring(Ref.update(rebuilding, (all) => new Map([...all].filter(([name]) => !chosen.includes(name))))))

    return handlers
      .handle("status", () =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          return {
            data: {
              status: writer.readOnly === undefined ? ("healthy" as const) : ("read_only" as const),
              version: info.version,
              domain: info.domain,
              port: info.port() ?? null,
              uptime_seconds: Math.max(0, Math.floor((now - info.startedAt) / 1000)),
              head: yield* log.head,
              sites: counts().present,
              database: { path: info.db, size_bytes: fileSize(info.db) + fileSize(`${info.db}-wal`) },
              memory_bytes: process.memoryUsage.rss(),
              functions: functionCounts(functions.stats()),
              sockets: live.stats().sockets,
              read_only: writer.readOnly === undefined ? null : new LogIsReadOnly(writer.readOnly).message,
            },
          }
        }),
      )
      .handle("projections", ({ urlParams }) =>
        Effect.gen(function* () {
          const heads = yield* queries.projectionHeads()
          const running = yield* Ref.get(rebuilding)
          return counted(heads, urlParams, (head) => {
            const step = running.get(head.name)
            return { ...head, rebuilding: step === undefined ? null : { seq: step.seq, total: step.total } }
          })
        }),
      )
      .handle("rebuild", ({ payload }) =>
        Effect.gen(function* () {
          const chosen = payload.projections ?? names
          const unknown = chosen.filter((name) => !names.includes(name))
          if (unknown.length > 0) {
            const message = `There is no projection ${unknown.join(", ")}. There are: ${names.join(", ")}.`
            return yield* Effect.fail(invalid("projections", message, `some of ${names.join(", ")}`))
          }
          const total = (yield* log.head).seq
          const running = yield* Ref.get(rebuilding)
          // What is being rebuilt already is not begun again.
          const begun = chosen.filter((name) => !running.has(name))
          yield* Ref.update(
            rebuilding,
            (all) => new Map([...all, ...begun.map((name) => [name, { projection: name, seq: 0, total }] as const)]),
          )
          if (begun.length > 0) yield* Effect.forkIn(Effect.tapErrorCause(rebuild(begun), Effect.logError), scope)
          return { data: { projections: chosen } }
        }),
      )
  }),
)

const functionCounts = ({ runs, killed, requeued, conflicts, waiting, images }: ReturnType<FunctionCore["stats"]>) => ({
  runs,
  killed,
  requeued,
  conflicts,
  waiting,
  images: images.count,
  image_bytes: images.bytes,
})
