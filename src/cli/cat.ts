import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import { segment, withServer } from "./connection.ts"
import { deploy, given, json, serverOptions, site } from "./options.ts"
import { verb } from "./verb.ts"

const path = Args.text({ name: "path" }).pipe(Args.withDescription("The file's path, as `fazt files` lists it."))

export const cat = verb(
  "cat",
  {
    summary: "Print a file of a site, as it is or was.",
    details: ["With --json, its type and its bytes as base64."],
    examples: ["fazt cat hello index.html", "fazt cat hello img/logo.png > logo.png", "fazt cat hello index.html --deploy previous"],
  },
  { site, path, deploy, json, ...serverOptions },
  ({ site, path, deploy, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { askForDownload, printDownload } = yield* Effect.promise(() => import("./rawAnswer.ts"))
        const address = `/api/sites/${segment(site)}/files/${path.replace(/^\/+/, "").split("/").map(segment).join("/")}`
        yield* printDownload(json, { site, path }, yield* askForDownload(server, address, given("deploy", deploy)))
      }),
    ),
)
