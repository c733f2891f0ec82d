import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import type { Diff } from "../http/api/contract/deploys.ts"
import { segment, withServer } from "./connection.ts"
import { printable } from "./format.ts"
import { json, serverOptions, site } from "./options.ts"
import { answer } from "./output.ts"
import type { Paint } from "./paint.ts"
import type { Look } from "./table.ts"
import { verb } from "./verb.ts"

const deploy = (name: string, description: string) => Args.text({ name }).pipe(Args.withDescription(description))
const text = Options.boolean("text").pipe(Options.withAlias("p"), Options.withDescription("Also how the text files differ."))

export const diff = verb(
  "diff",
  {
    summary: "Compare two deploys of a site.",
    details: ["A deploy is named by its id or the beginning of one, by `live` or by `previous`."],
    examples: ["fazt diff hello previous live", "fazt diff hello 4k2 live --text"],
  },
  { site, from: deploy("from", "The older deploy."), to: deploy("with", "The newer deploy."), text, json, options: serverOptions },
  ({ site, from, to, text, json, options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.deploys.diff({ path: { site: segment(site) }, urlParams: { from, to, text } }), ({ data }) =>
        answer(json, data, (look) => renderDiff(data, look)),
      ),
    ),
)

export const renderDiff = ({ from, to, added, changed, removed, patches, omitted }: Diff, { paint }: Look): string => {
  if (added.length + changed.length + removed.length === 0) return `${from} and ${to} are the same.`
  const lines = [
    ...added.map((path) => ({ path, line: paint.green(`+ ${printable(path)}`) })),
    ...changed.map((path) => ({ path, line: paint.yellow(`~ ${printable(path)}`) })),
    ...removed.map((path) => ({ path, line: paint.red(`− ${printable(path)}`) })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1))
  const left = omitted.length === 0 ? [] : [paint.dim(`not compared: ${omitted.map(printable).join(", ")}`)]
  return [lines.map(({ line }) => line).join("\n"), ...patches.map(({ patch }) => renderPatch(patch, paint)), ...left].join("\n\n")
}

/** A unified diff without the rule above it, which separates patches that are not shown apart otherwise. */
const renderPatch = (patch: string, paint: Paint): string =>
  patch
    .replace(/^=+\n/, "")
    .trimEnd()
    .split("\n")
    .map((line) => {
      // Tabs are part of text files, not tricks upon the terminal.
      const safe = line.split("\t").map(printable).join("\t")
      if (line.startsWith("+")) return paint.green(safe)
      if (line.startsWith("-")) return paint.red(safe)
      return line.startsWith("@@") ? paint.cyan(safe) : safe
    })
    .join("\n")
