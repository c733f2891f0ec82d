import { resolve } from "node:path"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { withServer } from "./connection.ts"
import { gitSource } from "./deploy/gitSource.ts"
import { FileChanged, hashFiles } from "./deploy/hashFiles.ts"
import { publish } from "./deploy/publish.ts"
import { siteName } from "./deploy/siteName.ts"
import { renderDeployed, renderWarning } from "./deploy/summary.ts"
import { walk } from "./deploy/walk.ts"
import { failed } from "./errors.ts"
import { counted } from "./format.ts"
import { given, json, serverOptions } from "./options.ts"
import { answer, note } from "./output.ts"
import { progressBar } from "./progressBar.ts"
import { verb } from "./verb.ts"

const folder = Args.text({ name: "folder" }).pipe(Args.withDescription("What to publish: the folder that holds index.html."))
const name = Options.text("name").pipe(
  Options.withPseudoName("site"),
  Options.withDescription("The site (default: `name` in the folder's manifest.json, else the folder's name)."),
  Options.optional,
)
const message = Options.text("message").pipe(
  Options.withAlias("m"),
  Options.withSchema(Schema.String.pipe(Schema.maxLength(1000, { message: () => "--message can have 1000 characters at most" }))),
  Options.withPseudoName("text"),
  Options.withDescription("Why, for the history."),
  Options.optional,
)
const spa = Options.boolean("spa").pipe(Options.withDescription("Answer paths without a file with index.html."))
const noIgnore = Options.boolean("no-ignore").pipe(
  Options.withDescription("Also what .gitignore files leave out, node_modules and *.log; names that begin with a dot stay out."),
)

export const deploy = verb(
  "deploy",
  {
    summary: "Publish a folder as a site.",
    details: [
      "Only what the server does not have yet is uploaded, and the site changes in one step.",
      "Left out: names that begin with a dot (other than .well-known), what .gitignore and .faztignore files say, node_modules and *.log.",
    ],
    examples: ["fazt deploy ./public", "fazt deploy ./dist --name shop -m 'New prices'", "fazt deploy ./dist --spa --to prod"],
  },
  { folder, name, message, spa, noIgnore, json, ...serverOptions },
  ({ folder, name, message, spa, noIgnore, json, ...options }) =>
    Effect.gen(function* () {
      const start = yield* Clock.currentTimeMillis
      const path = resolve(folder)
      const ignore = !noIgnore
      yield* findFiles(path, ignore)
      const site = yield* siteName(path, name)
      const source = { kind: "cli", ...(yield* gitSource(path)) }
      const request = { source, ...given("message", message), ...(spa ? { spa } : {}) }

      const published = yield* withServer(options, (server) =>
        Effect.scoped(
          Effect.gen(function* () {
            const bar = yield* progressBar
            const attempt = Effect.gen(function* () {
              const { files, skipped } = yield* findFiles(path, ignore)
              bar.begin(
                "hashing",
                files.reduce((sum, { size }) => sum + size, 0),
                "bytes",
              )
              const hashed = yield* hashFiles(files, bar)
              return { ...(yield* publish(server, site, hashed, request, bar)), skipped }
            })
            return yield* Effect.retry(attempt, { times: 1, while: isFileChange })
          }),
        ),
      )

      const ms = (yield* Clock.currentTimeMillis) - start
      const { deployed, uploaded, skipped } = published
      for (const path of skipped) yield* note(`warning: left out ${path}: symbolic links and special files are not published`)
      yield* answer(json, { ...deployed, uploaded, skipped, ms }, (look) => renderDeployed(deployed, uploaded, ms, look))
      if (!json) for (const warning of deployed.warnings) yield* note(renderWarning(warning))
    }),
)

/** What there is to publish; a failure when there is nothing. */
const findFiles = (folder: string, ignore: boolean) =>
  Effect.filterOrFail(
    walk(folder, { ignore }),
    ({ files }) => files.length > 0,
    ({ skipped }) =>
      failed(
        "NOTHING_TO_DEPLOY",
        `there is nothing to publish in ${folder}${skipped.length === 0 ? "" : ` beside ${counted(skipped.length, "link")}`}`,
      ),
  )

/** Whether a file was written to between hashing and upload; the server notices by the hash. */
const isFileChange = (error: { readonly _tag: string; readonly code?: unknown }): boolean =>
  error instanceof FileChanged || (error._tag === "BadRequest" && error.code === "HASH_MISMATCH")
