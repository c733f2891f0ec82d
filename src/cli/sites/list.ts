import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import type { Site } from "../../http/api/contract/sites.ts"
import { withServer } from "../connection.ts"
import { ago, bytes } from "../format.ts"
import { andMore, most, wholeList } from "../lists.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { type Look, table } from "../table.ts"
import { verb } from "../verb.ts"

const deleted = Options.boolean("deleted").pipe(Options.withDescription("Also those that were deleted."))

export const list = verb(
  "sites",
  { summary: "List the sites.", examples: ["fazt sites", "fazt sites --deleted --to prod", "fazt sites --json | jq -r '.[].url'"] },
  { deleted, most, json, ...serverOptions },
  ({ deleted, most, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        wholeList(most, (page) => api.sites.list({ urlParams: { deleted, ...page } })),
        (whole) => answer(json, whole.items, (look, now) => siteTable(whole.items, look, now) + andMore(whole, look)),
      ),
    ),
)

const siteTable = (sites: ReadonlyArray<Site>, look: Look, now: number): string => {
  if (sites.length === 0) return "There are no sites yet: publish one with `fazt deploy <folder>`."
  const columns = [
    { title: "SITE" },
    { title: "DEPLOY" },
    { title: "FILES", align: "right" },
    { title: "SIZE", align: "right" },
    { title: "DEPLOYS", align: "right" },
    { title: "UPDATED" },
    { title: "URL" },
  ] as const
  const rows = sites.map((site) => [
    site.deleted_at === null ? { text: site.site, paint: look.paint.bold } : { text: `${site.site} (deleted)`, paint: look.paint.dim },
    site.deploy ?? "–",
    String(site.file_count),
    bytes(site.size_bytes),
    String(site.deploys),
    ago(Date.parse(site.updated_at), now),
    { text: site.url, paint: look.paint.cyan },
  ])
  return table(columns, rows, { ...look, columns: undefined })
}
