import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Deploy, Deployment } from "../http/api/contract/deploys.ts"
import { segment, withServer } from "./connection.ts"
import { ago, bytes, counted, minute } from "./format.ts"
import { changes, source } from "./history.ts"
import { andMore, most, wholeList } from "./lists.ts"
import { json, serverOptions, site } from "./options.ts"
import { answer } from "./output.ts"
import { type Cell, type Look, pairs, table } from "./table.ts"
import { verb } from "./verb.ts"

const one = Args.text({ name: "deploy" }).pipe(
  Args.withDescription("Only this one: its id, a beginning of it, live or previous."),
  Args.optional,
)

export const deploys = verb(
  "deploys",
  {
    summary: "List the deploys of a site, newest first, or show one of them.",
    details: ["`fazt history` also shows the rollbacks and deletions between them."],
    examples: ["fazt deploys hello", "fazt deploys hello live", "fazt deploys hello 4k2j --json"],
  },
  { site, one, most, json, ...serverOptions },
  ({ site, one, most, json, ...options }) =>
    withServer(options, ({ api }) =>
      Option.match(one, {
        onNone: () =>
          Effect.flatMap(
            wholeList(most, (urlParams) => api.deploys.list({ path: { site: segment(site) }, urlParams })),
            (whole) =>
              answer(json, whole.items, (look, now) =>
                whole.items.length === 0 ? `${site} has no deploys.` : deployTable(whole.items, look, now) + andMore(whole, look),
              ),
          ),
        onSome: (deploy) =>
          Effect.flatMap(api.deploys.get({ path: { site: segment(site), deploy: segment(deploy) } }), ({ data }) =>
            answer(json, data, (look, now) => renderDeploy(data, look, now)),
          ),
      }),
    ),
)

const columns = [
  { title: "DEPLOY" },
  { title: "" },
  { title: "WHEN" },
  { title: "BY" },
  { title: "FILES", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "CHANGED" },
  { title: "SOURCE" },
  { title: "MESSAGE" },
] as const

const deployTable = (deploys: ReadonlyArray<Deployment>, look: Look, now: number): string =>
  table(
    columns,
    deploys.map(
      (deploy): ReadonlyArray<Cell> => [
        { text: deploy.deploy ?? "–", paint: deploy.live ? look.paint.bold : (text) => text },
        { text: deploy.live ? "live" : "", paint: look.paint.green },
        ago(Date.parse(deploy.at), now),
        deploy.actor,
        deploy.file_count === null ? "" : String(deploy.file_count),
        deploy.size_bytes === null ? "" : bytes(deploy.size_bytes),
        changes(deploy),
        source(deploy),
        deploy.message ?? "",
      ],
    ),
    look,
  )

const renderDeploy = (deploy: Deploy, look: Look, now: number): string =>
  pairs(
    [
      ["Deploy", { text: deploy.deploy ?? "–", paint: look.paint.bold }],
      ["Live", deploy.live ? { text: "yes", paint: look.paint.green } : "no"],
      ["Address", { text: deploy.preview_url ?? "none", paint: look.paint.cyan }],
      ["Published", `${minute(Date.parse(deploy.at))} (${ago(Date.parse(deploy.at), now)})`],
      ["By", deploy.actor],
      ["Source", source(deploy)],
      ["Message", deploy.message ?? "none"],
      ["Files", `${counted(deploy.file_count ?? 0, "file")}, ${bytes(deploy.size_bytes ?? 0)}`],
      ["Changed", changes(deploy)],
      ["Before it", deploy.previous ?? "nothing"],
      ["Unknown paths", deploy.spa ? "get index.html" : "get 404"],
      [
        "Server code",
        deploy.server === null
          ? "none"
          : `${deploy.server.entry} (${deploy.server.form}), answers ${deploy.server.scope === "api" ? "/api/" : "the whole site"}`,
      ],
    ],
    look,
  )
