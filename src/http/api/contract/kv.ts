import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure, Page } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Cursor, changeFields, exactly, historyParams, Message, PrefixParams, site, Time } from "./common.ts"

/** A key of a site's store, without its value. `version` counts everything that has happened to the key. */
export const KvKey = Schema.Struct({
  key: Schema.String,
  size_bytes: Count,
  version: Count,
  updated_at: Time,
  expires_at: Schema.NullOr(Time),
}).annotations({ identifier: "KvKey" })
export type KvKey = typeof KvKey.Type

export const KvEntry = Schema.Struct({ ...KvKey.fields, value: Schema.Unknown }).annotations({ identifier: "KvEntry" })
export type KvEntry = typeof KvEntry.Type

/** What happened to a key. `large`: the value is not shown here; it can be read by its version. */
export const KvVersion = Schema.Struct({
  ...changeFields,
  value: Schema.Unknown,
  large: Schema.Boolean,
  size_bytes: Schema.NullOr(Count),
  expires_at: Schema.NullOr(Time),
}).annotations({ identifier: "KvVersion" })
export type KvVersion = typeof KvVersion.Type

const Key = Schema.Struct({ key: Schema.String })

/** The key-value store of sites. Keys are given in the query, since they may hold slashes. */
export class KvGroup extends HttpApiGroup.make("kv")
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/kv`
      .setUrlParams(exactly(PrefixParams))
      .addSuccess(Page(KvKey))
      .annotate(OpenApi.Summary, "A site's keys"),
  )
  .add(
    HttpApiEndpoint.get("get")`/sites/${site}/kv/value`
      .setUrlParams(exactly(Schema.Struct({ ...Key.fields, version: Cursor })))
      .addSuccess(Data(KvEntry))
      .annotate(OpenApi.Summary, "A key's value")
      .annotate(OpenApi.Description, "As it is now or, with `version`, as it was then."),
  )
  .add(
    HttpApiEndpoint.put("set")`/sites/${site}/kv/value`
      .setUrlParams(exactly(Schema.Struct({ ...Key.fields, if_version: Cursor })))
      .setPayload(
        exactly(
          Schema.Struct({
            value: Schema.optional(Schema.Unknown),
            ttl_ms: Schema.optional(Schema.Int.pipe(Schema.between(1, 1e15))),
          }),
        ),
      )
      .addSuccess(Data(KvKey))
      .annotate(OpenApi.Summary, "Set a key")
      .annotate(OpenApi.Description, "`if_version`: only if that is the key's version, 0 for none."),
  )
  .add(
    HttpApiEndpoint.del("delete")`/sites/${site}/kv/value`
      .setUrlParams(exactly(Schema.Struct({ ...Key.fields, if_version: Cursor })))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Delete a key")
      .annotate(OpenApi.Description, "`if_version`: only if that is the key's version."),
  )
  .add(
    HttpApiEndpoint.get("history")`/sites/${site}/kv/history`
      .setUrlParams(exactly(Schema.Struct({ ...Key.fields, ...historyParams })))
      .addSuccess(Page(KvVersion))
      .annotate(OpenApi.Summary, "Everything that happened to a key")
      .annotate(OpenApi.Description, "Newest first; `before` (a version) pages back."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "The key-value store of sites. Keys are given in the query, since they may hold slashes.") {}
