import type { Deployed } from "../../http/api/Api.ts"
import { bytes, counted, duration, grouped, printable } from "../format.ts"
import type { Look } from "../table.ts"

/** What a deploy did, in two lines. */
export const renderDeployed = (deployed: Deployed, uploaded: number, ms: number, { paint }: Look): string => {
  const { site, url, preview_url, file_count, size_bytes, added, changed, removed } = deployed
  const changes = `${grouped(added)} added, ${grouped(changed)} changed, ${grouped(removed)} removed; ${grouped(uploaded)} uploaded`
  const summary = `(${counted(file_count, "file")}, ${bytes(size_bytes)}; ${changes}) in ${duration(ms)}`
  return [
    `${paint.green("✓")} ${paint.bold(site)} is live: ${paint.cyan(url)}  ${paint.dim(summary)}`,
    `  this deploy stays at ${paint.cyan(preview_url)}`,
  ].join("\n")
}

/** A line of the site's rules that does nothing. */
export const renderWarning = ({ file, line, reason }: Deployed["warnings"][number]): string =>
  printable(`warning: ${file}${line > 0 ? `:${line}` : ""}: ${reason}`)
