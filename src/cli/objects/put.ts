import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { withServer } from "../connection.ts"
import { bytes, printable } from "../format.ts"
import { given, ifVersion, json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { path } from "./path.ts"

const file = Args.text({ name: "file" }).pipe(Args.withDescription("The file whose bytes it gets; - is standard input."))
const type = Options.text("type").pipe(
  Options.withPseudoName("mime"),
  Options.withDescription("Its type, such as image/png (default: what the path's ending says)."),
  Options.optional,
)

export const put = verb(
  "put",
  {
    summary: "Store an object, in the place of the one with its path, if there is one.",
    details: ["What was there before stays in its history."],
    examples: ["fazt objects put hello img/cat.jpg ./cat.jpg", "fazt objects put hello report.csv - --type text/csv < report.csv"],
  },
  { site, path, file, type, ifVersion, json, ...serverOptions },
  ({ site, path, file, type, ifVersion, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { putObject } = yield* Effect.promise(() => import("./putObject.ts"))
        const urlParams = { path, ...given("if_version", Option.map(ifVersion, String)) }
        const stored = yield* putObject(server, site, urlParams, file, Option.getOrUndefined(type))
        yield* answer(
          json,
          stored,
          ({ paint }) =>
            `${paint.green("✓")} ${printable(stored.path)} of ${site} is stored (${bytes(stored.size_bytes)}, version ${stored.version})`,
        )
      }),
    ),
)
