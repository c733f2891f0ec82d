import * as Args from "@effect/cli/Args"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Server } from "../client.ts"
import { withServer } from "../connection.ts"
import { counted, duration } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { progressBar } from "../progressBar.ts"
import { verb } from "../verb.ts"

const names = Args.text({ name: "name" }).pipe(Args.withDescription("The projections to rebuild; without any, all of them."), Args.repeated)

export const rebuild = verb(
  "rebuild",
  {
    summary: "Make projections anew from the log.",
    details: ["The old rows keep serving until the new ones are complete."],
    examples: ["fazt projections rebuild", "fazt projections rebuild sites files"],
  },
  { names, json, ...serverOptions },
  ({ names, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const start = yield* Clock.currentTimeMillis
        const { data } = yield* server.api.server.rebuild({ payload: names.length === 0 ? {} : { projections: names } })
        yield* Effect.scoped(untilRebuilt(server, data.projections))
        const ms = (yield* Clock.currentTimeMillis) - start
        yield* answer(json, { ...data, ms }, ({ paint }) => {
          return `${paint.green("✓")} ${counted(data.projections.length, "projection")} rebuilt in ${duration(ms)}: ${data.projections.join(", ")}`
        })
      }),
    ),
)

const untilRebuilt = ({ api }: Server, names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const bar = yield* progressBar
    bar.begin("rebuilding", 0)
    for (;;) {
      const { data } = yield* api.server.projections({ urlParams: { limit: 100, offset: 0 } })
      const mine = data.filter(({ name }) => names.includes(name))
      const running = mine.flatMap(({ rebuilding }) => (rebuilding === null ? [] : [rebuilding]))
      if (running.length === 0) return
      const total = Math.max(...running.map(({ total }) => total)) * mine.length
      const left = running.reduce((sum, { seq, total }) => sum + total - seq, 0)
      bar.update({ done: total - left, total })
      yield* Effect.sleep("200 millis")
    }
  })
