import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Limit, Message, Offset, site, Time } from "./common.ts"
import { File, FileParams } from "./files.ts"

/** A site, as later releases of Fazt 0.9 called it. `id` and `name` are the site's name. */
export const App = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  /** Where the live deploy came from: `cli`, `zip`, `git` …; `null` before the first. */
  source: Schema.NullOr(Schema.String),
  file_count: Count,
  size_bytes: Count,
  created_at: Time,
  updated_at: Time,
}).annotations({ identifier: "App" })
export type App = typeof App.Type

const ClassicDeployment = Schema.Struct({
  id: Schema.String,
  site_id: Schema.String,
  size_bytes: Count,
  file_count: Count,
  deployed_by: Schema.String,
  created_at: Time,
})

/** Sites and deploys under their names in Fazt 0.9, for clients that know them so. */
export class AppsGroup extends HttpApiGroup.make("apps")
  .add(
    HttpApiEndpoint.get("list", "/apps")
      .setUrlParams(Schema.Struct({ all: Schema.optional(Schema.String), limit: Limit(1000, 1000), offset: Offset }))
      .addSuccess(List(App))
      .annotate(OpenApi.Summary, "Sites, as apps")
      .annotate(OpenApi.Description, "All that the caller reaches, but those that were deleted; `all` changes nothing."),
  )
  .add(HttpApiEndpoint.get("get")`/apps/${site}`.addSuccess(Data(App)).annotate(OpenApi.Summary, "One site, as an app"))
  .add(
    HttpApiEndpoint.del("delete")`/apps/${site}`
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Delete a site, as an app")
      .annotate(OpenApi.Description, "403 `SYSTEM_APP` for the sites that the server itself shows."),
  )
  .add(
    HttpApiEndpoint.get("files")`/apps/${site}/files`
      .setUrlParams(FileParams)
      .addSuccess(List(File))
      .annotate(OpenApi.Summary, "A site's files, as an app's"),
  )
  .add(
    HttpApiEndpoint.get("deployments", "/deployments")
      .addSuccess(Data(Schema.Struct({ deployments: Schema.Array(ClassicDeployment) })))
      .annotate(OpenApi.Summary, "The newest deploys of all sites")
      .annotate(OpenApi.Description, "The newest 50 of the sites that the caller reaches."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "Sites and deploys under their names in Fazt 0.9, for clients that know them so.") {}
