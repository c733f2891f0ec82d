import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { exactly, Flag, Limit, Message, Offset, SecretText, site, Time } from "./common.ts"

/** A variable of a site's environment. Its value is never told. */
export const EnvVariable = Schema.Struct({ name: Schema.String, set_at: Time, set_by: Schema.String }).annotations({
  identifier: "EnvVariable",
})
export type EnvVariable = typeof EnvVariable.Type

/** A variable as Fazt 0.9 lists it. `id` is `<site>:<name>`. */
const ClassicVariable = Schema.Struct({ id: Schema.String, name: Schema.String })

const variable = HttpApiSchema.param("name", Schema.String)

/** The environment variables of sites. Values go in and never come out. */
export class EnvGroup extends HttpApiGroup.make("env")
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/env`
      .setUrlParams(exactly(Schema.Struct({ limit: Limit(1000, 1000), offset: Offset })))
      .addSuccess(List(EnvVariable))
      .annotate(OpenApi.Summary, "A site's variables")
      .annotate(OpenApi.Description, "Their names, never their values."),
  )
  .add(
    HttpApiEndpoint.patch("setAll")`/sites/${site}/env`
      .setPayload(exactly(Schema.Struct({ values: Schema.Record({ key: Schema.String, value: SecretText }) })))
      .addSuccess(Data(Schema.Array(EnvVariable)))
      .annotate(OpenApi.Summary, "Set several variables")
      .annotate(OpenApi.Description, "All or none of them. Those that are not named stay as they are."),
  )
  .add(
    HttpApiEndpoint.put("set")`/sites/${site}/env/${variable}`
      .setPayload(exactly(Schema.Struct({ value: SecretText })))
      .addSuccess(Data(EnvVariable))
      .annotate(OpenApi.Summary, "Set a variable"),
  )
  .add(
    HttpApiEndpoint.del("unset")`/sites/${site}/env/${variable}`
      .setUrlParams(exactly(Schema.Struct({ purge: Flag })))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Unset a variable")
      .annotate(OpenApi.Description, "With `purge`, every value that it ever had is shredded; else they stay sealed."),
  )
  /** The three as Fazt 0.9 has them. What is unset by `id` stays sealed in the vault. */
  .add(
    HttpApiEndpoint.get("classicList", "/envvars")
      .setUrlParams(Schema.Struct({ site_id: Schema.optional(Schema.String) }))
      .addSuccess(Data(Schema.Struct({ vars: Schema.Array(ClassicVariable) })))
      .annotate(OpenApi.Summary, "A site's variables, in the form of Fazt 0.9"),
  )
  .add(
    HttpApiEndpoint.post("classicSet", "/envvars")
      .setPayload(
        Schema.Struct({
          site_id: Schema.optional(Schema.String),
          name: Schema.optional(Schema.String),
          // Not `undefined` as a value of its own: the refusal of that would quote what was sent.
          value: Schema.optionalWith(SecretText, { exact: true }),
        }),
      )
      .addSuccess(Data(Schema.Struct({})))
      .annotate(OpenApi.Summary, "Set a variable, in the form of Fazt 0.9"),
  )
  .add(
    HttpApiEndpoint.del("classicUnset", "/envvars")
      .setUrlParams(Schema.Struct({ id: Schema.optional(Schema.String) }))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Unset a variable, in the form of Fazt 0.9")
      .annotate(OpenApi.Description, "`id` is `<site>:<name>`. Its values stay sealed."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "The environment variables of sites. Values go in and never come out.") {}
