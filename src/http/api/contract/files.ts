import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { BlobHash } from "../../../events/site.ts"
import { Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, exactly, Limit, Offset, site, Time } from "./common.ts"

export const File = Schema.Struct({
  path: Schema.String,
  hash: BlobHash,
  size: Count,
  type: Schema.String,
  /** When its path last got other content; of a deploy that is not live: when that was published. */
  updated_at: Time,
  /** The same under its name in Fazt 0.9. */
  mod_time: Time,
}).annotations({ identifier: "File" })
export type File = typeof File.Type

/** Without `deploy` the files that the site shows now: none, if it was deleted. */
export const FileParams = Schema.Struct({
  deploy: Schema.optional(Schema.String),
  prefix: Schema.optionalWith(Schema.String, { default: () => "" }),
  limit: Limit(10_000, 1000),
  offset: Offset,
})

/** Bytes of sites and their users, as a download: a browser shows nothing of it, and runs nothing of it. */
export const Content = HttpApiSchema.Uint8Array({ contentType: "application/octet-stream" })

/** The files of deploys. */
export class FilesGroup extends HttpApiGroup.make("files")
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/files`
      .setUrlParams(exactly(FileParams))
      .addSuccess(List(File))
      .annotate(OpenApi.Summary, "A site's files"),
  )
  .add(
    HttpApiEndpoint.get("content", "/sites/:site/files/*")
      .setPath(Schema.Struct({ site, "*": Schema.String }))
      .setUrlParams(exactly(Schema.Struct({ deploy: Schema.optional(Schema.String) })))
      .addSuccess(Content)
      .annotate(OpenApi.Summary, "A file's bytes")
      .annotate(OpenApi.Description, "With the type that it is served with. The rest of the path is the file's."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "The files of deploys.") {}
