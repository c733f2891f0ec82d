import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { minute } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { pairs } from "../table.ts"
import { verb } from "../verb.ts"
import { endOf, sitesOf, usedAt } from "./list.ts"

export const id = Args.text({ name: "id" }).pipe(Args.withDescription("The key's id, as `fazt keys` shows it."))

export const show = verb(
  "show",
  { summary: "Show one API key, without its secret.", examples: ["fazt keys show 3f0c9a2b7d11"] },
  { id, json, ...serverOptions },
  ({ id, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.keys.get({ path: { id: segment(id) } }), ({ data }) =>
        answer(json, data, (look, now) =>
          pairs(
            [
              ["Key", { text: data.id, paint: look.paint.bold }],
              ["Name", data.name],
              ["Scopes", data.scopes.join(", ")],
              ["Sites", sitesOf(data)],
              ["Made by", data.user],
              ["Made", minute(Date.parse(data.created_at))],
              ["Used", usedAt(data, now)],
              ["Ends", endOf(data, now)],
            ],
            look,
          ),
        ),
      ),
    ),
)
