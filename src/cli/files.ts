import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import { segment, withServer } from "./connection.ts"
import { ago, bytes } from "./format.ts"
import { andMore, most, wholeList } from "./lists.ts"
import { deploy, given, json, serverOptions, site } from "./options.ts"
import { answer } from "./output.ts"
import { table } from "./table.ts"
import { verb } from "./verb.ts"

const prefix = Options.text("prefix").pipe(
  Options.withPseudoName("path"),
  Options.withDescription("Only files whose paths begin so."),
  Options.withDefault(""),
)

const columns = [
  { title: "PATH" },
  { title: "SIZE", align: "right" },
  { title: "TYPE" },
  { title: "SHA-256" },
  { title: "UPDATED" },
] as const

/** What one answer can have. */
const perAnswer = 10_000

export const files = verb(
  "files",
  {
    summary: "List the files of a site.",
    details: ["`fazt cat` prints one."],
    examples: ["fazt files hello", "fazt files hello --deploy previous --prefix img/", "fazt files hello --json"],
  },
  { site, deploy, prefix, most, json, ...serverOptions },
  ({ site, deploy, prefix, most, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        wholeList(
          most,
          (page) => api.files.list({ path: { site: segment(site) }, urlParams: { prefix, ...given("deploy", deploy), ...page } }),
          perAnswer,
        ),
        (whole) =>
          answer(json, whole.items, (look, now) => {
            if (whole.items.length === 0) return `${site} has no ${prefix === "" ? "" : "such "}files.`
            const rows = whole.items.map(({ path, size, type, hash, updated_at }) => [
              path,
              bytes(size),
              type,
              { text: hash.slice(0, 12), paint: look.paint.dim },
              ago(Date.parse(updated_at), now),
            ])
            return table(columns, rows, look) + andMore(whole, look)
          }),
      ),
    ),
)
