import * as Effect from "effect/Effect"
import { withServer } from "./connection.ts"
import { json, serverOptions } from "./options.ts"
import { printJson } from "./output.ts"
import { verb } from "./verb.ts"

export const openapi = verb(
  "openapi",
  {
    summary: "Print the OpenAPI document of a server's API.",
    details: ["It is JSON, with and without --json."],
    examples: ["fazt openapi > fazt.json", "fazt openapi | jq '.paths | keys'"],
  },
  { json, ...serverOptions },
  ({ json: _, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { askForBytes } = yield* Effect.promise(() => import("./rawAnswer.ts"))
        yield* printJson(yield* (yield* askForBytes(server, "/api/openapi.json")).json)
      }),
    ),
)
