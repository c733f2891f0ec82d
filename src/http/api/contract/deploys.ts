import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { BlobHash, DeploySource } from "../../../events/site.ts"
import { Data, Failure, List, Page } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Cursor, exactly, Flag, Limit, Offset, site, Time } from "./common.ts"
import { Site } from "./sites.ts"

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

/** The code that answers requests: how it is written, where it begins, and whether it answers the whole site or `/api/`. */
const Server = Schema.Struct({
  form: Schema.Literal("module", "api", "legacy"),
  entry: Schema.String,
  scope: Schema.Literal("site", "api"),
})

/** One deploy. */
export const Deploy = Schema.Struct({
  ...Deployment.fields,
  /** What was live when it was published; `null` for the first. */
  previous: Schema.NullOr(Schema.String),
  /** Whether unknown paths get `index.html`. */
  spa: Schema.Boolean,
  server: Schema.NullOr(Server),
}).annotations({ identifier: "Deploy" })
export type Deploy = typeof Deploy.Type

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
  server: Schema.NullOr(Server),
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

const deploy = HttpApiSchema.param("deploy", Schema.String)

/** What sites showed when. A deploy is named by its id, by a beginning of it that is unique within the site, as `live` or as `previous`. */
export class DeploysGroup extends HttpApiGroup.make("deploys")
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/deploys`
      .setUrlParams(exactly(Schema.Struct({ limit: Limit(1000, 100), offset: Offset })))
      .addSuccess(List(Deployment))
      .annotate(OpenApi.Summary, "A site's deploys")
      .annotate(OpenApi.Description, "Newest first, without the rollbacks and deletions between them."),
  )
  .add(HttpApiEndpoint.get("get")`/sites/${site}/deploys/${deploy}`.addSuccess(Data(Deploy)).annotate(OpenApi.Summary, "One deploy"))
  .add(
    HttpApiEndpoint.get("history")`/sites/${site}/history`
      .setUrlParams(exactly(Schema.Struct({ before: Cursor, limit: Limit(1000, 50) })))
      .addSuccess(Page(Deployment))
      .annotate(OpenApi.Summary, "What a site showed when")
      .annotate(OpenApi.Description, "Deploys, rollbacks, deletions, newest first; `before` pages back."),
  )
  .add(
    HttpApiEndpoint.get("diff")`/sites/${site}/diff`
      .setUrlParams(exactly(Schema.Struct({ from: Schema.String, to: Schema.String, text: Flag })))
      .addSuccess(Data(Diff))
      .annotate(OpenApi.Summary, "What differs between two deploys")
      .annotate(OpenApi.Description, "With `text=true` also the lines of text files."),
  )
  .add(
    HttpApiEndpoint.post("deploy")`/sites/${site}/deploys`
      .setPayload(exactly(DeployRequest))
      .addSuccess(Data(Deployed), { status: 201 })
      .annotate(OpenApi.Summary, "Publish a manifest")
      .annotate(
        OpenApi.Description,
        "Its blobs have been uploaded before; 409 `BLOBS_MISSING` names those that have not. It is live with the answer.",
      ),
  )
  .add(
    HttpApiEndpoint.post("rollback")`/sites/${site}/rollback`
      .setPayload(exactly(Schema.Struct({ to: Schema.optional(Schema.String) })))
      .addSuccess(Data(Site))
      .annotate(OpenApi.Summary, "Show an earlier deploy again")
      .annotate(OpenApi.Description, "`to` says which; without it the one before."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(
    OpenApi.Description,
    "What sites showed when. A deploy is named by its id, by a beginning of it that is unique within the site, as `live` or as `previous`.",
  ) {}
