import type { DeploymentRow } from "../../projections/deployments.ts"
import type { Deployed } from "../api/contract/deploys.ts"
import type { Addresses } from "../api/views.ts"
import type { Published } from "./Deployer.ts"

/** The answer to a deploy, the same for both protocols. */
export const deployedView = (
  { site, deploy, files, bytes, warnings, server, notes }: Published,
  row: DeploymentRow,
  addresses: Addresses,
): Deployed => ({
  site,
  deploy,
  url: addresses.site(site),
  preview_url: addresses.preview(site, deploy),
  file_count: files,
  size_bytes: bytes,
  added: row.added,
  changed: row.changed,
  removed: row.removed,
  warnings,
  server: server === undefined ? null : { form: server.form, entry: server.entry, scope: server.scope },
  notes,
  message: "Deployment successful",
})
