import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { exactly, Limit, Offset } from "./common.ts"

export const ConfigEntry = Schema.Struct({
  key: Schema.String,
  value: Schema.String,
  default: Schema.String,
  /** Whether it was set, as opposed to having its default. */
  set: Schema.Boolean,
  description: Schema.String,
  /** Whether a running server takes it up only at its next start. */
  restart: Schema.Boolean,
}).annotations({ identifier: "ConfigEntry" })
export type ConfigEntry = typeof ConfigEntry.Type

const key = HttpApiSchema.param("key", Schema.String.annotations({ description: "The setting's name, such as `limits.zip_ratio`." }))

/**
 * The server's settings, and those of the owner's own: any name under `custom.`, for programs that keep something beside the server's own
 * settings. `limit` leaves room for all of them.
 */
export class ConfigGroup extends HttpApiGroup.make("config")
  .add(
    HttpApiEndpoint.get("list", "/config")
      .setUrlParams(
        exactly(
          Schema.Struct({
            prefix: Schema.optionalWith(Schema.String.annotations({ description: "Only settings whose names begin so." }), {
              default: () => "",
            }),
            limit: Limit(2000, 2000),
            offset: Offset,
          }),
        ),
      )
      .addSuccess(List(ConfigEntry))
      .annotate(OpenApi.Summary, "All settings")
      .annotate(OpenApi.Description, "The server's settings by subject, then those under `custom.` by name."),
  )
  .add(HttpApiEndpoint.get("get")`/config/${key}`.addSuccess(Data(ConfigEntry)).annotate(OpenApi.Summary, "One setting"))
  .add(
    HttpApiEndpoint.put("set")`/config/${key}`
      .setPayload(exactly(Schema.Struct({ value: Schema.String })))
      .addSuccess(Data(ConfigEntry))
      .annotate(OpenApi.Summary, "Change a setting")
      .annotate(
        OpenApi.Description,
        "It holds from the next request on, or from the server's next start where the setting says so. Names under `custom.` are the owner's own: at most 1000 of them, each of at most 4 KiB, and no place for secrets, since everybody who may read the log sees them.",
      ),
  )
  .add(
    HttpApiEndpoint.del("unset")`/config/${key}`
      .addSuccess(Data(ConfigEntry))
      .annotate(OpenApi.Summary, "Give a setting its default again")
      .annotate(OpenApi.Description, "What is under `custom.` is gone then."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "The server's settings, and settings of the owner's own under `custom.`.") {}
