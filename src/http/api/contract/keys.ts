import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Scope } from "../../../events/keys.ts"
import { SiteName } from "../../../events/site.ts"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { exactly, Limit, Message, Offset, Time } from "./common.ts"

export const ApiKey = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  scopes: Schema.Array(Scope),
  /** The only sites that it is good for; `null` for all that its user has. */
  sites: Schema.NullOr(Schema.Array(Schema.String)),
  /** Who made it: a user's id. The key may never more than they may. */
  user: Schema.String,
  created_at: Time,
  expires_at: Schema.NullOr(Time),
  /** To within the hour. */
  last_used_at: Schema.NullOr(Time),
  revoked_at: Schema.NullOr(Time),
}).annotations({ identifier: "ApiKey" })
export type ApiKey = typeof ApiKey.Type

/** A new key. `token` is shown this once. */
const NewApiKey = Schema.Struct({ ...ApiKey.fields, token: Schema.String, message: Schema.String }).annotations({ identifier: "NewApiKey" })

const id = HttpApiSchema.param("id", Schema.String)

/** API keys: one's own; those who manage users see and revoke everybody's. */
export class KeysGroup extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.get("list", "/keys")
      .setUrlParams(exactly(Schema.Struct({ limit: Limit(1000, 100), offset: Offset })))
      .addSuccess(List(ApiKey))
      .annotate(OpenApi.Summary, "API keys"),
  )
  .add(
    HttpApiEndpoint.post("create", "/keys")
      .setPayload(
        exactly(
          Schema.Struct({
            name: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)),
            scopes: Schema.Array(Scope).pipe(Schema.minItems(1), Schema.maxItems(Scope.literals.length)),
            sites: Schema.optional(Schema.Array(SiteName).pipe(Schema.minItems(1), Schema.maxItems(1000))),
            /** Days; for ever without it. */
            expires_in_days: Schema.optional(Schema.Int.pipe(Schema.between(1, 3650))),
          }),
        ),
      )
      .addSuccess(Data(NewApiKey), { status: 201 })
      .annotate(OpenApi.Summary, "Make an API key")
      .annotate(OpenApi.Description, "`token` is shown this once. A key may never more than whoever made it."),
  )
  .add(HttpApiEndpoint.get("get")`/keys/${id}`.addSuccess(Data(ApiKey)).annotate(OpenApi.Summary, "One API key"))
  .add(
    HttpApiEndpoint.del("revoke")`/keys/${id}`
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Revoke an API key")
      .annotate(OpenApi.Description, "It is no good from then on, for ever."),
  )
  /** The same, in the form of Fazt 0.9. */
  .add(
    HttpApiEndpoint.del("classicRevoke", "/keys")
      .setUrlParams(Schema.Struct({ id: Schema.String }))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Revoke an API key, in the form of Fazt 0.9"),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "API keys: one's own; those who manage users see and revoke everybody's.") {}
