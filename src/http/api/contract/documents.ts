import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure, Page } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Cursor, changeFields, exactly, historyParams, Limit, Message, site, Time } from "./common.ts"

/** A collection of documents. `indexes`: fields by which queries are fast. */
export const Collection = Schema.Struct({
  collection: Schema.String,
  documents: Count,
  size_bytes: Count,
  indexes: Schema.Array(Schema.String),
}).annotations({ identifier: "Collection" })
export type Collection = typeof Collection.Type

/** A JSON object, taken as it is: a schema that rebuilt it would lose fields such as `__proto__`. */
const JsonObject = Schema.Unknown.pipe(
  Schema.filter((value) => (typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "Expected a JSON object")),
).annotations({ jsonSchema: { type: "object" } })

/** A document without its data. `version` counts everything that has happened to its id. `created_at`: `null` where an old version is shown. */
export const DocumentInfo = Schema.Struct({
  id: Schema.String,
  version: Count,
  size_bytes: Count,
  created_at: Schema.NullOr(Time),
  updated_at: Time,
}).annotations({ identifier: "DocumentInfo" })
export type DocumentInfo = typeof DocumentInfo.Type

export const Document = Schema.Struct({ ...DocumentInfo.fields, data: JsonObject }).annotations({ identifier: "Document" })
export type Document = typeof Document.Type

/** What happened to a document. */
export const DocumentVersion = Schema.Struct({
  ...changeFields,
  data: Schema.NullOr(JsonObject),
  size_bytes: Schema.NullOr(Count),
}).annotations({ identifier: "DocumentVersion" })
export type DocumentVersion = typeof DocumentVersion.Type

const Item = Schema.Struct({ collection: Schema.String, id: Schema.String })

/** The documents of sites. Ids are given in the query, since they may hold slashes. */
export class DocumentsGroup extends HttpApiGroup.make("documents")
  .add(
    HttpApiEndpoint.get("collections")`/sites/${site}/documents`
      .setUrlParams(exactly(Schema.Struct({ cursor: Schema.optional(Schema.String), limit: Limit(1000, 100) })))
      .addSuccess(Page(Collection))
      .annotate(OpenApi.Summary, "A site's collections")
      .annotate(OpenApi.Description, "By name; those that have no documents are none."),
  )
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/documents/items`
      .setUrlParams(
        exactly(
          Schema.Struct({
            collection: Schema.String,
            query: Schema.optional(Schema.String),
            cursor: Schema.optional(Schema.String),
            limit: Limit(1000, 100),
          }),
        ),
      )
      .addSuccess(Page(Document))
      .annotate(OpenApi.Summary, "The documents of a collection")
      .annotate(
        OpenApi.Description,
        "Newest first. `query` is JSON in the language of `ds.find`. An answer looks at so many documents only, and has so many bytes: it may have fewer documents than `limit`, or none, while `meta.next` says that there are more.",
      ),
  )
  .add(
    HttpApiEndpoint.get("get")`/sites/${site}/documents/item`
      .setUrlParams(exactly(Schema.Struct({ ...Item.fields, version: Cursor })))
      .addSuccess(Data(Document))
      .annotate(OpenApi.Summary, "A document")
      .annotate(OpenApi.Description, "As it is now or, with `version`, as it was then."),
  )
  .add(
    HttpApiEndpoint.put("set")`/sites/${site}/documents/item`
      .setUrlParams(exactly(Schema.Struct({ ...Item.fields, if_version: Cursor })))
      .setPayload(exactly(Schema.Struct({ data: JsonObject })))
      .addSuccess(Data(DocumentInfo))
      .annotate(OpenApi.Summary, "Put a document")
      .annotate(
        OpenApi.Description,
        "In the place of the one with this id, if there is one. `if_version`: only if that is its version, 0 for none.",
      ),
  )
  .add(
    HttpApiEndpoint.del("delete")`/sites/${site}/documents/item`
      .setUrlParams(exactly(Schema.Struct({ ...Item.fields, if_version: Cursor })))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Delete a document")
      .annotate(OpenApi.Description, "`if_version`: only if that is its version."),
  )
  .add(
    HttpApiEndpoint.get("history")`/sites/${site}/documents/history`
      .setUrlParams(exactly(Schema.Struct({ ...Item.fields, ...historyParams })))
      .addSuccess(Page(DocumentVersion))
      .annotate(OpenApi.Summary, "Everything that happened to a document")
      .annotate(OpenApi.Description, "Newest first; `before` (a version) pages back."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "The documents of sites. Ids are given in the query, since they may hold slashes.") {}
