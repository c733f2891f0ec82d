import { unwatchFile, watchFile } from "node:fs"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type { Server } from "../client.ts"
import { renderWarning, serverLine } from "../deploy/summary.ts"
import type { Problem } from "../errors.ts"
import { counted, duration, printable, second } from "../format.ts"
import { followLogs } from "../logs.ts"
import { Output, print } from "../output.ts"
import { problemOf } from "../problem.ts"
import type { Look } from "../table.ts"
import { type Outcome, publisher } from "./publishing.ts"
import type { Reloading } from "./reload.ts"
import { watchFolder } from "./watchFolder.ts"

export interface Work {
  readonly server: Server
  readonly site: string
  readonly folder: string
  readonly envFile: Option.Option<string>
  readonly url: string
  readonly reloading: Reloading
  readonly json: boolean
}

/** Publishes the folder now and after every change, tells what came of it, and shows the site's log. Has no end. */
export const work = ({ server, site, folder, envFile, url, reloading, json }: Work) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { look } = yield* Output
      const { publish, setEnv } = publisher(server, site, folder, envFile)
      const changes = yield* Queue.sliding<void>(1)
      yield* watching(folder, envFile, () => void Queue.unsafeOffer(changes, undefined))
      const tell = (event: object, text: (look: Look) => string) => print(json ? JSON.stringify(event) : text(look))
      const refuse = (what: string, { code, message }: Problem) =>
        Effect.gen(function* () {
          const at = yield* Clock.currentTimeMillis
          reloading.refuse(message)
          yield* tell(
            { event: "refused", code, message },
            ({ paint }) => `${paint.dim(second(at))} ${paint.red(`✗ ${what}:`)} ${printable(message)}`,
          )
        })

      yield* tell({ event: "ready", url, site, folder }, ({ paint }) =>
        [
          `${paint.green("✓")} ${paint.bold(site)} is at ${paint.cyan(url)}`,
          paint.dim(`  from ${folder}; every change is deployed. Ctrl-C ends it.`),
        ].join("\n"),
      )
      let isFirst = true
      while (true) {
        const outcome = yield* publish
        const env = yield* setEnv
        if (outcome.kind === "refused") yield* refuse("not deployed", outcome.problem)
        if (env.kind === "refused") yield* refuse("the environment is as it was", env.problem)
        if (env.kind === "set")
          yield* tell({ event: "env", names: env.names }, ({ paint }) => paint.dim(`  environment: ${env.names.join(", ")}`))
        if (outcome.kind === "deployed") {
          const at = yield* Clock.currentTimeMillis
          yield* tell(eventOf(outcome), (look) => renderOutcome(outcome, isFirst, at, look))
          if (isFirst) yield* Effect.forkScoped(logging(server, site, json))
          isFirst = false
        }
        if (outcome.kind === "deployed" || env.kind === "set") reloading.reload()
        yield* Queue.take(changes)
      }
    }),
  )

const watching = (folder: string, envFile: Option.Option<string>, onChange: () => void) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const end = watchFolder(folder, onChange)
      // A file of its own, which editors replace, is best looked at now and then.
      if (Option.isSome(envFile)) watchFile(envFile.value, { interval: 500, persistent: false }, onChange)
      return end
    }),
    (end) =>
      Effect.sync(() => {
        end()
        if (Option.isSome(envFile)) unwatchFile(envFile.value, onChange)
      }),
  )

type Published = Extract<Outcome, { readonly kind: "deployed" }>

const eventOf = ({ deployed, changed, ms }: Published) => ({
  event: "deployed",
  deploy: deployed.deploy,
  server: deployed.server,
  changed,
  warnings: deployed.warnings,
  notes: deployed.notes,
  ms,
})

const namedAtMost = 3

const renderOutcome = ({ deployed, changed, ms }: Published, isFirst: boolean, at: number, { paint }: Look): string => {
  const { server, notes, warnings, file_count } = deployed
  const more = changed.length - namedAtMost
  const names = `${changed.slice(0, namedAtMost).map(printable).join(", ")}${more > 0 ? ` and ${more} more` : ""}`
  const hasCodeChanged = server !== null && changed.includes(server.entry)
  return [
    `${paint.dim(second(at))} ${paint.green("✓")} ${isFirst ? `${counted(file_count, "file")} deployed` : names} ${paint.dim(`in ${duration(ms)}`)}`,
    ...(hasCodeChanged && isFirst ? [`  ${printable(serverLine(server))}`] : []),
    ...(isFirst ? notes.map((note) => `  ${printable(note)}`) : []),
    ...warnings.map((warning) => `  ${paint.yellow(renderWarning(warning))}`),
  ].join("\n")
}

/** Shows the log as it is written. */
const logging = (server: Server, site: string, json: boolean) => {
  const all = { level: Option.none(), search: Option.none(), request: Option.none(), since: Option.none() }
  return followLogs(server, site, all, json, 0).pipe(
    Effect.catchAll((error) =>
      print(
        json
          ? JSON.stringify({ event: "no-log", message: problemOf(error).message })
          : `The log cannot be shown: ${problemOf(error).message}`,
      ),
    ),
  )
}
