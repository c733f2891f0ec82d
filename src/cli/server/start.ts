import { resolve } from "node:path"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Environment } from "../../config.ts"
import { Interruption } from "../interruption.ts"
import { cartridge, db, domain, json, port } from "../options.ts"
import { note, Output, print } from "../output.ts"
import type { Ready } from "../serve.ts"
import { verb } from "../verb.ts"
import { renderBanner } from "./banner.ts"

const examples = Options.text("examples").pipe(
  Options.withPseudoName("folder"),
  Options.withDescription("Publish every folder in it as a site, when the cartridge is new."),
  Options.optional,
)

const readyJson = (ready: Ready): string =>
  JSON.stringify({ ...ready, readOnly: Option.getOrNull(ready.readOnly), firstRun: Option.getOrNull(ready.firstRun) })

export const start = verb(
  "start",
  {
    summary: "Run the server.",
    details: ["Makes the cartridge if there is none, and then shows the owner's password and API key once. Ends on SIGINT or SIGTERM."],
    examples: ["fazt server start", "fazt server start --domain example.com --port 80 --db /var/lib/fazt/data.db"],
  },
  { port, domain, db, examples, json },
  ({ port, domain, db, examples, json }) =>
    Effect.gen(function* () {
      const env = yield* Environment
      const output = yield* Output
      yield* Effect.flatMap(Interruption, ({ isTheEnd }) => isTheEnd)
      const { runServer } = yield* Effect.promise(() => import("../serve.ts"))
      yield* runServer({
        db: yield* cartridge(db),
        port: Option.orElse(port, () => env.port),
        domain: Option.orElse(domain, () => env.domain),
        examples: Option.map(examples, (folder) => resolve(folder)),
        // JSON on one line even at a terminal: it is one event of a stream.
        onReady: (ready) => print(json ? readyJson(ready) : renderBanner(ready, output.look)).pipe(Effect.provideService(Output, output)),
        onProgress: (message) => note(message).pipe(Effect.provideService(Output, output)),
      })
    }),
)
