import * as Effect from "effect/Effect"
import { withServer } from "./connection.ts"
import { json, serverOptions } from "./options.ts"
import { printJson } from "./output.ts"
import { verb } from "./verb.ts"

export const metrics = verb(
  "metrics",
  {
    summary: "Print a server's metrics, in the text form of Prometheus.",
    details: ["With --json, the text and its type."],
    examples: ["fazt metrics", "fazt metrics --to prod | grep fazt_http"],
  },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { askForBytes, printBody } = yield* Effect.promise(() => import("./rawAnswer.ts"))
        const response = yield* askForBytes(server, "/metrics")
        if (!json) return yield* printBody(response)
        yield* printJson({ type: response.headers["content-type"] ?? "", text: yield* response.text })
      }),
    ),
)
