import { join, resolve } from "node:path"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { withRunningServer } from "./connection.ts"
import { siteName } from "./deploy/siteName.ts"
import { walk } from "./deploy/walk.ts"
import { type Reloading, withReload } from "./dev/reload.ts"
import { scratchFolder } from "./dev/scratch.ts"
import { work } from "./dev/work.ts"
import { Interruption } from "./interruption.ts"
import { json } from "./options.ts"
import { verb } from "./verb.ts"

const domain = "localhost"
const defaultPort = 4700

const folder = Args.text({ name: "folder" }).pipe(
  Args.withDescription("What is served, as `fazt deploy` would publish it."),
  Args.withDefault("."),
)
const name = Options.text("name").pipe(
  Options.withPseudoName("site"),
  Options.withDescription("What the site is called; without it, as in `fazt deploy`."),
  Options.optional,
)
const port = Options.integer("port").pipe(
  Options.withSchema(Schema.Int.pipe(Schema.between(0, 65_535, { message: () => "--port must be between 0 and 65535" }))),
  Options.withPseudoName("port"),
  Options.withDescription(`The port to listen on (default ${defaultPort}; 0 takes a free one).`),
  Options.withDefault(defaultPort),
)
const envFile = Options.text("env-file").pipe(
  Options.withPseudoName("file"),
  Options.withDescription("Environment variables of the site, from a .env file; read again when it changes."),
  Options.optional,
)

/** The server's own log; what the site logs is an answer. */
const logToStderr = Logger.replace(Logger.defaultLogger, Logger.prettyLogger({ stderr: true }))

export const dev = verb(
  "dev",
  {
    summary: "Serve a folder while you work on it.",
    details: [
      "The same server as in earnest, with a cartridge in memory that is gone at the end. Every change is deployed at once and reloads the pages that are open; what is refused is told here, and the last good deploy stays. Shows what the site's code logs. With --json, one line for each of these.",
    ],
    examples: ["fazt dev", "fazt dev ./notes", "fazt dev ./dist --name shop --port 8080 --env-file .env"],
  },
  { folder, name, port, envFile, json },
  ({ folder, name, port, envFile, json }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = resolve(folder)
        yield* walk(path, { ignore: true })
        const site = yield* siteName(path, name)
        yield* Effect.flatMap(Interruption, ({ isTheEnd }) => isTheEnd)
        const db = join(yield* scratchFolder, "data.db")
        const ready = yield* Deferred.make<{ readonly port: number; readonly reloading: Reloading }>()
        let reloading: Reloading | undefined
        const { runServer } = yield* Effect.promise(() => import("./serve.ts"))
        const server = runServer({
          db,
          port: Option.some(port),
          domain: Option.some(domain),
          examples: Option.none(),
          wrap: (listener) => {
            reloading = withReload(listener, site, domain)
            return reloading.listener
          },
          onReady: ({ port }) => Deferred.succeed(ready, { port, reloading: reloading! }),
          onProgress: () => Effect.void,
        })
        const working = Effect.flatMap(Deferred.await(ready), ({ port, reloading }) =>
          withRunningServer({ to: Option.none(), token: Option.none(), db: Option.some(db) }, (server) =>
            work({
              server,
              site,
              folder: path,
              envFile: Option.map(envFile, (file) => resolve(file)),
              url: `http://${site}.${domain}:${port}`,
              reloading,
              json,
            }),
          ),
        )
        yield* Effect.raceFirst(server, working)
      }),
    ).pipe(Effect.provide(logToStderr)),
)
