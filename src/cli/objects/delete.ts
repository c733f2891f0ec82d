import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { printable } from "../format.ts"
import { given, ifVersion, json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { path } from "./path.ts"

export const deleteObject = verb(
  "delete",
  { summary: "Delete an object.", details: ["What it was stays in its history."], examples: ["fazt objects delete hello img/cat.jpg"] },
  { site, path, ifVersion, json, ...serverOptions },
  ({ site, path, ifVersion, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.objects.delete({ path: { site: segment(site) }, urlParams: { path, ...given("if_version", ifVersion) } }),
        ({ data }) => answer(json, { site, path, ...data }, ({ paint }) => `${paint.green("✓")} ${printable(path)} of ${site} is deleted`),
      ),
    ),
)
