import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { BlobHash } from "../../../events/site.ts"
import { Data, Failure, Page } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Cursor, changeFields, exactly, historyParams, Message, PrefixParams, site, Time } from "./common.ts"
import { Content } from "./files.ts"

/** An object of a site, without its content. `version` counts everything that has happened to its path. */
export const StoredObject = Schema.Struct({
  path: Schema.String,
  size_bytes: Count,
  /** The MIME type. */
  type: Schema.String,
  hash: BlobHash,
  version: Count,
  updated_at: Time,
}).annotations({ identifier: "StoredObject" })
export type StoredObject = typeof StoredObject.Type

/** What happened to an object. Its content then can be read by the version. */
export const ObjectVersion = Schema.Struct({
  ...changeFields,
  size_bytes: Schema.NullOr(Count),
  type: Schema.NullOr(Schema.String),
  hash: Schema.NullOr(BlobHash),
}).annotations({ identifier: "ObjectVersion" })
export type ObjectVersion = typeof ObjectVersion.Type

const Path = Schema.Struct({ path: Schema.String })

/** The objects of sites. Paths are given in the query, since they hold slashes. */
export class ObjectsGroup extends HttpApiGroup.make("objects")
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/objects`
      .setUrlParams(exactly(PrefixParams))
      .addSuccess(Page(StoredObject))
      .annotate(OpenApi.Summary, "A site's objects"),
  )
  .add(
    HttpApiEndpoint.get("get")`/sites/${site}/objects/content`
      .setUrlParams(exactly(Schema.Struct({ ...Path.fields, version: Cursor })))
      .addSuccess(Content)
      .annotate(OpenApi.Summary, "An object's bytes")
      .annotate(OpenApi.Description, "As they are now or, with `version`, as they were then."),
  )
  .add(
    HttpApiEndpoint.put("put")`/sites/${site}/objects/content`
      .setUrlParams(exactly(Schema.Struct({ ...Path.fields, if_version: Cursor })))
      .addSuccess(Data(StoredObject))
      .annotate(OpenApi.Summary, "Put an object")
      .annotate(
        OpenApi.Description,
        "The body is the bytes, and `Content-Type` their type. `if_version`: only if that is the object's version, 0 for none.",
      ),
  )
  .add(
    HttpApiEndpoint.del("delete")`/sites/${site}/objects/content`
      .setUrlParams(exactly(Schema.Struct({ ...Path.fields, if_version: Cursor })))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Delete an object")
      .annotate(OpenApi.Description, "`if_version`: only if that is the object's version."),
  )
  .add(
    HttpApiEndpoint.get("history")`/sites/${site}/objects/history`
      .setUrlParams(exactly(Schema.Struct({ ...Path.fields, ...historyParams })))
      .addSuccess(Page(ObjectVersion))
      .annotate(OpenApi.Summary, "Everything that happened to an object")
      .annotate(OpenApi.Description, "Newest first; `before` (a version) pages back."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "The objects of sites. Paths are given in the query, since they hold slashes.") {}
