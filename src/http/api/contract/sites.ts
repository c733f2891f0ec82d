import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, exactly, Flag, Limit, Message, Offset, site, Time } from "./common.ts"

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
  /** From here on the same as Fazt 0.9 says it. */
  Name: Schema.String,
  /** `vfs://<name>`. */
  Path: Schema.String,
  FileCount: Count,
  SizeBytes: Count,
  ModTime: Time,
}).annotations({ identifier: "Site" })
export type Site = typeof Site.Type

/** Which pages of other origins may call a site's own code. No `origins`: none, as it is by default. `null`: whatever browsers ask for. */
export const Cors = Schema.Struct({
  origins: Schema.Array(Schema.String),
  methods: Schema.NullOr(Schema.Array(Schema.String)),
  headers: Schema.NullOr(Schema.Array(Schema.String)),
  /** Whether such a request may carry the visitor's cookies. */
  credentials: Schema.Boolean,
  /** Seconds that a browser may rely on what it has been told. */
  max_age: Schema.NullOr(Count),
}).annotations({ identifier: "Cors" })
export type Cors = typeof Cors.Type

const Names = Schema.Array(Schema.String.pipe(Schema.maxLength(300))).pipe(Schema.maxItems(100))

/** Scheme, host and port of each origin, or `["*"]` for all of them. */
const NewCors = Schema.Struct({
  origins: Names,
  methods: Schema.optional(Schema.NullOr(Names)),
  headers: Schema.optional(Schema.NullOr(Names)),
  credentials: Schema.optional(Schema.Boolean),
  max_age: Schema.optional(Schema.NullOr(Count)),
}).annotations({ identifier: "NewCors" })

/** Sites by their names. */
export class SitesGroup extends HttpApiGroup.make("sites")
  .add(
    HttpApiEndpoint.get("list", "/sites")
      .setUrlParams(exactly(Schema.Struct({ deleted: Flag, limit: Limit(1000, 100), offset: Offset })))
      .addSuccess(List(Site))
      .annotate(OpenApi.Summary, "Sites")
      .annotate(OpenApi.Description, "Those that the caller reaches, by name. `deleted=true`: also those that were deleted."),
  )
  .add(
    HttpApiEndpoint.post("create", "/sites")
      .setPayload(exactly(Schema.Struct({ site: Schema.String })))
      .addSuccess(Data(Site), { status: 201 })
      .annotate(OpenApi.Summary, "Make a site")
      .annotate(OpenApi.Description, "It shows nothing before its first deploy."),
  )
  .add(
    HttpApiEndpoint.del("classicDelete", "/sites")
      .setUrlParams(Schema.Struct({ site_id: Schema.optional(Schema.String) }))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Delete a site, in the form of Fazt 0.9")
      .annotate(OpenApi.Description, "The same as `DELETE /api/sites/<site>`."),
  )
  .add(HttpApiEndpoint.get("get")`/sites/${site}`.addSuccess(Data(Site)).annotate(OpenApi.Summary, "One site"))
  .add(
    HttpApiEndpoint.del("delete")`/sites/${site}`
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Delete a site")
      .annotate(OpenApi.Description, "Its deploys and its data are kept, and come back with it."),
  )
  .add(
    HttpApiEndpoint.post("undelete")`/sites/${site}/undelete`.addSuccess(Data(Site)).annotate(OpenApi.Summary, "Bring a deleted site back"),
  )
  .add(
    HttpApiEndpoint.get("cors")`/sites/${site}/cors`
      .addSuccess(Data(Cors))
      .annotate(OpenApi.Summary, "Which origins may call a site's code"),
  )
  .add(
    HttpApiEndpoint.put("setCors")`/sites/${site}/cors`
      .setPayload(exactly(NewCors))
      .addSuccess(Data(Cors))
      .annotate(OpenApi.Summary, "Let origins call a site's code")
      .annotate(
        OpenApi.Description,
        "Takes the place of what was set before. Holds for the answers of the site's code; files follow its `_headers`.",
      ),
  )
  .add(
    HttpApiEndpoint.del("unsetCors")`/sites/${site}/cors`
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Let no other origin call a site's code"),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "Sites by their names.") {}
