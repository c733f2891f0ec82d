import type { Deployed } from "../../http/api/contract/deploys.ts"
import { bytes, counted, duration, grouped, printable } from "../format.ts"
import type { Look } from "../table.ts"

/** What a deploy did, in two lines. */
export const renderDeployed = (deployed: Deployed, uploaded: number, ms: number, { paint }: Look): string => {
  const { site, url, preview_url, file_count, size_bytes, added, changed, removed, server, notes } = deployed
  const changes = `${grouped(added)} added, ${grouped(changed)} changed, ${grouped(removed)} removed; ${grouped(uploaded)} uploaded`
  const summary = `(${counted(file_count, "file")}, ${bytes(size_bytes)}; ${changes}) in ${duration(ms)}`
  return [
    `${paint.green("✓")} ${paint.bold(site)} is live: ${paint.cyan(url)}  ${paint.dim(summary)}`,
    `  this deploy stays at ${paint.cyan(preview_url)}`,
    ...(server === null ? [] : [`  ${printable(serverLine(server))}`]),
    ...notes.map((note) => `  ${printable(note)}`),
  ].join("\n")
}

const forms = {
  module: "an ES module",
  api: "a script in the way of Fazt 0.9",
  legacy: "a script in the way of Fazt 0.8",
} as const

/** What a site's server code answers, and how it is written. */
export const serverLine = ({ form, entry, scope }: NonNullable<Deployed["server"]>): string => {
  const answered = scope === "api" ? "everything under /api/" : form === "legacy" ? "every path" : "every path that has no file"
  return `${entry} answers ${answered} (${forms[form]})`
}

/** A line of the site's rules that does nothing. */
export const renderWarning = ({ file, line, reason }: Deployed["warnings"][number]): string =>
  printable(`warning: ${file}${line > 0 ? `:${line}` : ""}: ${reason}`)
