import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { Data, Failure } from "../envelope.ts"
import { Authorization } from "./authorization.ts"

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

export class ConfigGroup extends HttpApiGroup.make("config")
  .add(HttpApiEndpoint.get("list", "/config").addSuccess(Data(Schema.Array(ConfigEntry))))
  .add(HttpApiEndpoint.get("get")`/config/${HttpApiSchema.param("key", Schema.String)}`.addSuccess(Data(ConfigEntry)))
  .add(
    HttpApiEndpoint.put("set")`/config/${HttpApiSchema.param("key", Schema.String)}`
      .setPayload(Schema.Struct({ value: Schema.String }))
      .addSuccess(Data(ConfigEntry)),
  )
  .add(HttpApiEndpoint.del("unset")`/config/${HttpApiSchema.param("key", Schema.String)}`.addSuccess(Data(ConfigEntry)))
  .middleware(Authorization)
  .addError(Failure) {}
