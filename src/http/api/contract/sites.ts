import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Schema from "effect/Schema"
import { BlobHash, DeploySource } from "../../../events/site.ts"
import { Data, Failure, Page } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Cursor, Flag, Limit, Message, site, Time } from "./common.ts"

export const Site = Schema.Struct({
  site: Schema.String,
  url: Schema.String,
  /** The live deploy; `null` before the first. */
  deploy: Schema.NullOr(Schema.String),
  deploys: Count,
  file_count: Count,
  size_bytes: Count,
  created_at: Time,
  updated_at: Time,
  deleted_at: Schema.NullOr(Time),
}).annotations({ identifier: "Site" })
export type Site = typeof Site.Type

/** One line of a site's history; counts of files are against what was live before it. */
export const Deployment = Schema.Struct({
  seq: Count,
  kind: Schema.Literal("deploy", "rollback", "delete", "undelete"),
  /** What was live afterwards; `null` after a deletion. */
  deploy: Schema.NullOr(Schema.String),
  live: Schema.Boolean,
  at: Time,
  actor: Schema.String,
  source: Schema.NullOr(DeploySource),
  message: Schema.NullOr(Schema.String),
  file_count: Schema.NullOr(Count),
  size_bytes: Schema.NullOr(Count),
  added: Count,
  changed: Count,
  removed: Count,
  preview_url: Schema.NullOr(Schema.String),
}).annotations({ identifier: "Deployment" })
export type Deployment = typeof Deployment.Type

export const File = Schema.Struct({ path: Schema.String, hash: BlobHash, size: Count, type: Schema.String, updated_at: Time }).annotations({
  identifier: "File",
})

/** A line of `_redirects` or `_headers` that was not understood, and why. */
const Warning = Schema.Struct({ file: Schema.String, line: Count, reason: Schema.String }).annotations({ identifier: "Warning" })

export const Deployed = Schema.Struct({
  site: Schema.String,
  deploy: Schema.String,
  url: Schema.String,
  preview_url: Schema.String,
  file_count: Count,
  size_bytes: Count,
  added: Count,
  changed: Count,
  removed: Count,
  warnings: Schema.Array(Warning),
  /** The code that answers requests: how it is written, where it begins, and whether it answers the whole site or `/api/`. */
  server: Schema.NullOr(
    Schema.Struct({
      form: Schema.Literal("module", "api", "legacy"),
      entry: Schema.String,
      scope: Schema.Literal("site", "api"),
    }),
  ),
  /** What else is worth knowing of this deploy. */
  notes: Schema.Array(Schema.String),
  message: Schema.String,
}).annotations({ identifier: "Deployed" })
export type Deployed = typeof Deployed.Type

/** What to publish: path → SHA-256 and size. The bytes have been uploaded before. */
export const DeployRequest = Schema.Struct({
  files: Schema.Record({ key: Schema.String, value: Schema.Struct({ hash: BlobHash, size: Count }) }),
  spa: Schema.optional(Schema.Boolean),
  message: Schema.optional(Schema.String.pipe(Schema.maxLength(1000))),
  source: Schema.optional(DeploySource),
}).annotations({ identifier: "DeployRequest" })
export type DeployRequest = typeof DeployRequest.Type

export const Diff = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  added: Schema.Array(Schema.String),
  changed: Schema.Array(Schema.String),
  removed: Schema.Array(Schema.String),
  /** With `text=true`: unified diffs of the text files, at most 1 MiB a file. */
  patches: Schema.Array(Schema.Struct({ path: Schema.String, patch: Schema.String })),
  /** With `text=true`: files without a patch, being binary, too large, or too many for one answer. */
  omitted: Schema.Array(Schema.String),
}).annotations({ identifier: "Diff" })
export type Diff = typeof Diff.Type

/** Sites and their history. Every path takes a deploy's id or any beginning of it that is unique within the site. */
export class SitesGroup extends HttpApiGroup.make("sites")
  .add(
    HttpApiEndpoint.get("list", "/sites")
      .setUrlParams(Schema.Struct({ deleted: Flag }))
      .addSuccess(Data(Schema.Array(Site))),
  )
  .add(
    HttpApiEndpoint.post("create", "/sites")
      .setPayload(Schema.Struct({ site: Schema.String }))
      .addSuccess(Data(Site), { status: 201 }),
  )
  .add(HttpApiEndpoint.get("get")`/sites/${site}`.addSuccess(Data(Site)))
  .add(HttpApiEndpoint.del("delete")`/sites/${site}`.addSuccess(Message))
  .add(HttpApiEndpoint.post("undelete")`/sites/${site}/undelete`.addSuccess(Data(Site)))
  .add(HttpApiEndpoint.get("files")`/sites/${site}/files`.addSuccess(Data(Schema.Array(File))))
  .add(
    HttpApiEndpoint.get("history")`/sites/${site}/history`
      .setUrlParams(Schema.Struct({ before: Cursor, limit: Limit(1000, 50) }))
      .addSuccess(Page(Deployment)),
  )
  .add(
    HttpApiEndpoint.get("diff")`/sites/${site}/diff`
      .setUrlParams(Schema.Struct({ from: Schema.String, to: Schema.String, text: Flag }))
      .addSuccess(Data(Diff)),
  )
  /** Publishes a manifest whose blobs have been uploaded. 409 `BLOBS_MISSING` names those that have not. */
  .add(HttpApiEndpoint.post("deploy")`/sites/${site}/deploys`.setPayload(DeployRequest).addSuccess(Data(Deployed), { status: 201 }))
  .add(
    HttpApiEndpoint.post("rollback")`/sites/${site}/rollback`
      .setPayload(Schema.Struct({ to: Schema.optional(Schema.String) }))
      .addSuccess(Data(Site)),
  )
  .middleware(Authorization)
  .addError(Failure) {}
