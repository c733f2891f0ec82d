import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { ago, bytes, counted, minute } from "../format.ts"
import { json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { pairs } from "../table.ts"
import { verb } from "../verb.ts"

export const show = verb(
  "show",
  { summary: "Show one site.", examples: ["fazt sites show hello", "fazt sites show hello --json | jq -r .deploy"] },
  { site, json, ...serverOptions },
  ({ site, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.sites.get({ path: { site: segment(site) } }), ({ data }) =>
        answer(json, data, (look, now) =>
          pairs(
            [
              ["Site", { text: data.site, paint: look.paint.bold }],
              ["Address", { text: data.url, paint: look.paint.cyan }],
              ["Live deploy", data.deploy ?? "none"],
              ["Files", `${counted(data.file_count, "file")}, ${bytes(data.size_bytes)}`],
              ["Deploys", String(data.deploys)],
              ["Made", minute(Date.parse(data.created_at))],
              ["Updated", ago(Date.parse(data.updated_at), now)],
              ["Deleted", data.deleted_at === null ? "no" : ago(Date.parse(data.deleted_at), now)],
            ],
            look,
          ),
        ),
      ),
    ),
)
