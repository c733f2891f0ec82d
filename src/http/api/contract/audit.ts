import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { BlobHash } from "../../../events/site.ts"
import { Data, Failure, Page } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Cursor, exactly, Limit, Time, Wait } from "./common.ts"

export const AuditEntry = Schema.Struct({
  seq: Count,
  id: Schema.String,
  at: Time,
  site: Schema.NullOr(Schema.String),
  stream: Schema.String,
  version: Count,
  type: Schema.String,
  actor: Schema.String,
  cause: Schema.String,
  /** The event's payload; `null` once erased. */
  data: Schema.Unknown,
  hash: Schema.String,
}).annotations({ identifier: "AuditEntry" })
export type AuditEntry = typeof AuditEntry.Type

/** How far a walk along the chain has come. To go on, ask again with `after` and `hash` set to `seq` and `hash`. */
const VerifyPart = Schema.Struct({
  seq: Count,
  hash: Schema.String,
  bytes: Count,
  done: Schema.Boolean,
  head: Schema.Struct({ seq: Count, hash: Schema.String }),
  bad: Schema.NullOr(Schema.Struct({ seq: Count, reason: Schema.String })),
}).annotations({ identifier: "VerifyPart" })

export class AuditGroup extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/audit")
      .setUrlParams(
        exactly(
          Schema.Struct({
            site: Schema.optional(Schema.String.annotations({ description: "Only what concerns this site." })),
            stream: Schema.optional(Schema.String.annotations({ description: "Only this stream, such as `site/blog` or `config`." })),
            type: Schema.optional(Schema.String.annotations({ description: "Only this type of event, such as `v1.SiteDeployed`." })),
            actor: Schema.optional(Schema.String.annotations({ description: "Only what this one did, such as `owner` or `key:<id>`." })),
            since: Schema.optional(Schema.String.annotations({ description: "Only from then on: `2h`, `7d` or a date." })),
            until: Schema.optional(Schema.String.annotations({ description: "Only up to then: `2h`, `7d` or a date." })),
            before: Cursor,
            after: Cursor,
            wait: Wait,
            limit: Limit(1000, 50),
          }),
        ),
      )
      .addSuccess(Page(AuditEntry))
      .annotate(OpenApi.Summary, "Events, newest first")
      .annotate(
        OpenApi.Description,
        "`before` pages back, from `meta.next`. With `after`, oldest first from there on, and with `wait` the answer waits for the first match: this is how to follow without a stream.",
      ),
  )
  .add(
    HttpApiEndpoint.get("verify", "/audit/verify")
      .setUrlParams(exactly(Schema.Struct({ after: Cursor, hash: Schema.optional(BlobHash) })))
      .addSuccess(Data(VerifyPart))
      .annotate(OpenApi.Summary, "Check a part of the chain of hashes")
      .annotate(OpenApi.Description, "Walks on from behind event `after`, whose hash is `hash`, or from the beginning."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "Everything that has ever happened, and the proof that nothing was changed since.") {}
