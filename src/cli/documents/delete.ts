import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { printable } from "../format.ts"
import { given, ifVersion, json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { collection, id } from "./place.ts"

export const deleteDocument = verb(
  "delete",
  { summary: "Delete a document.", details: ["What it was stays in its history."], examples: ["fazt documents delete hello posts p1"] },
  { site, collection, id, ifVersion, json, ...serverOptions },
  ({ site, collection, id, ifVersion, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.documents.delete({ path: { site: segment(site) }, urlParams: { collection, id, ...given("if_version", ifVersion) } }),
        ({ data }) =>
          answer(
            json,
            { site, collection, id, ...data },
            ({ paint }) => `${paint.green("✓")} ${printable(id)} of ${printable(collection)} is deleted`,
          ),
      ),
    ),
)
