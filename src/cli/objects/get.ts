import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { segment, withServer } from "../connection.ts"
import { atVersion, given, json, serverOptions, site } from "../options.ts"
import { verb } from "../verb.ts"
import { path } from "./path.ts"

export const get = verb(
  "get",
  {
    summary: "Print an object, as it is or was.",
    details: ["With --json, its type and its bytes as base64."],
    examples: ["fazt objects get hello img/cat.jpg > cat.jpg", "fazt objects get hello notes.txt --at 2"],
  },
  { site, path, version: atVersion("objects history"), json, ...serverOptions },
  ({ site, path, version, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { askForDownload, printDownload } = yield* Effect.promise(() => import("../rawAnswer.ts"))
        const params = { path, ...given("version", Option.map(version, String)) }
        yield* printDownload(json, { site, path }, yield* askForDownload(server, `/api/sites/${segment(site)}/objects/content`, params))
      }),
    ),
)
