import { stat } from "node:fs/promises"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Deployed } from "../../http/api/contract/deploys.ts"
import type { Server } from "../client.ts"
import { segment } from "../connection.ts"
import { FileChanged, hashFiles } from "../deploy/hashFiles.ts"
import { publish } from "../deploy/publish.ts"
import { walk } from "../deploy/walk.ts"
import { readValues } from "../env/values.ts"
import { failed, messageOf, type Problem } from "../errors.ts"
import { problemOf } from "../problem.ts"
import type { ProgressBar } from "../progressBar.ts"

/** What came of a look at the folder. */
export type Outcome =
  | { readonly kind: "unchanged" }
  | { readonly kind: "deployed"; readonly deployed: Deployed; readonly changed: ReadonlyArray<string>; readonly ms: number }
  | { readonly kind: "refused"; readonly problem: Problem }

/** What came of a look at the file of environment variables. */
export type EnvOutcome =
  | { readonly kind: "unchanged" }
  | { readonly kind: "set"; readonly names: ReadonlyArray<string> }
  | { readonly kind: "refused"; readonly problem: Problem }

const quiet: ProgressBar = { begin: () => {}, add: () => {}, update: () => {} }

/** Publishes a folder again and again, by the way that every deploy takes; what has not changed since the last time is left alone. */
export const publisher = (server: Server, site: string, folder: string, envFile: Option.Option<string>) => {
  /** Path → hash of what is live. */
  let live: ReadonlyMap<string, string> | undefined
  /** What was tried last and refused is not tried again until it changes. */
  let refused: ReadonlyMap<string, string> | undefined
  let envTime: number | undefined

  const attempt = Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const { files } = yield* walk(folder, { ignore: true })
    if (files.length === 0) return yield* failed("NOTHING_TO_DEPLOY", `there is nothing to publish in ${folder}`)
    const hashed = yield* hashFiles(files, quiet)
    const now = new Map(hashed.map(({ path, hash }) => [path, hash]))
    if (isSame(live, now)) refused = undefined
    if (isSame(live, now) || isSame(refused, now)) return { kind: "unchanged" } satisfies Outcome
    refused = now
    const { deployed } = yield* publish(server, site, hashed, { source: { kind: "dev" } }, quiet)
    const changed = changesBetween(live ?? new Map(), now)
    live = now
    refused = undefined
    return { kind: "deployed", deployed, changed, ms: (yield* Clock.currentTimeMillis) - start } satisfies Outcome
  }).pipe(Effect.retry({ times: 3, while: (error) => error instanceof FileChanged }))

  const setEnv = Effect.gen(function* () {
    if (Option.isNone(envFile) || live === undefined) return { kind: "unchanged" } satisfies EnvOutcome
    const { mtimeMs } = yield* Effect.tryPromise({
      try: () => stat(envFile.value),
      catch: (cause) => failed("FILE_UNREADABLE", `cannot read ${envFile.value}: ${messageOf(cause)}`),
    })
    if (mtimeMs === envTime) return { kind: "unchanged" } satisfies EnvOutcome
    envTime = mtimeMs
    const values = yield* readValues({ assignments: [], stdin: false, file: envFile })
    yield* server.api.env.setAll({ path: { site: segment(site) }, payload: { values } })
    return { kind: "set", names: Object.keys(values).sort() } satisfies EnvOutcome
  })

  // Neither fails: what goes wrong is told, and mended with the next change.
  const refusing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.catchAll(effect, (error) => Effect.succeed({ kind: "refused" as const, problem: problemOf(error) }))
  return { publish: refusing(attempt), setEnv: refusing(setEnv) }
}

const isSame = (a: ReadonlyMap<string, string> | undefined, b: ReadonlyMap<string, string>): boolean =>
  a !== undefined && a.size === b.size && [...b].every(([path, hash]) => a.get(path) === hash)

const changesBetween = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReadonlyArray<string> =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).sort()
