import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import type { Deployment } from "../http/api/contract/deploys.ts"
import { segment, withServer } from "./connection.ts"
import { ago, minute } from "./format.ts"
import { given, json, limit, serverOptions, site } from "./options.ts"
import { answer } from "./output.ts"
import { type Cell, type Look, table } from "./table.ts"
import { verb } from "./verb.ts"

const before = Options.integer("before").pipe(
  Options.withPseudoName("seq"),
  Options.withDescription("Only what came before this event: to page on."),
  Options.optional,
)

export const history = verb(
  "history",
  {
    summary: "Show a site's deploys and rollbacks, newest first.",
    details: ["Every deploy stays: `fazt rollback` makes an earlier one live again, `fazt diff` compares two."],
    examples: ["fazt history hello", "fazt history hello --limit 5", "fazt history hello --json"],
  },
  { site, limit: limit(20, 1000), before, json, ...serverOptions },
  ({ site, limit, before, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.deploys.history({ path: { site: segment(site) }, urlParams: { limit, ...given("before", before) } }),
        ({ data, meta }) =>
          answer(json, { data, meta }, (look, now) => {
            if (data.length === 0) return `${site} has no deploys${before._tag === "Some" ? " before that" : ""}.`
            const more = meta.next === null ? "" : `\n${look.paint.dim(`more: fazt history ${site} --before ${meta.next}`)}`
            return historyTable(data, look, now) + more
          }),
      ),
    ),
)

const columns = [
  { title: "DEPLOY" },
  { title: "" },
  { title: "WHEN" },
  { title: "" },
  { title: "BY" },
  { title: "CHANGED" },
  { title: "SOURCE" },
  { title: "MESSAGE" },
]

const historyTable = (entries: ReadonlyArray<Deployment>, look: Look, now: number): string =>
  table(
    columns,
    entries.map((entry): ReadonlyArray<Cell> => {
      const at = Date.parse(entry.at)
      return [
        { text: entry.deploy ?? "–", paint: entry.live ? look.paint.bold : (text) => text },
        { text: entry.live ? "live" : "", paint: look.paint.green },
        ago(at, now),
        { text: minute(at), paint: look.paint.dim },
        entry.actor,
        changes(entry),
        source(entry),
        entry.message ?? "",
      ]
    }),
    look,
  )

/** `+3 ~1 −2`: files against what was live before. */
export const changes = ({ added, changed, removed }: Pick<Deployment, "added" | "changed" | "removed">): string => {
  const parts = [added > 0 ? `+${added}` : "", changed > 0 ? `~${changed}` : "", removed > 0 ? `−${removed}` : ""]
  return parts.filter((part) => part !== "").join(" ") || "nothing"
}

/** `cli main@1a2b3c4d`, or what happened when it was no deploy. */
export const source = ({ kind, source }: Deployment): string => {
  if (kind !== "deploy" || source === null) return kind
  const commit = source.commit === undefined ? "" : source.commit.slice(0, 8)
  const revision = [source.ref ?? "", commit].filter((part) => part !== "").join("@")
  return [source.kind, revision].filter((part) => part !== "").join(" ")
}
