import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Schema from "effect/Schema"
import { BlobHash } from "../../../events/site.ts"
import { Data, Failure, Page } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Cursor, Limit, Time, Wait } from "./common.ts"

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
  /**
   * Events, newest first; `before` pages back (`meta.next`). With `after`, oldest first from there on, and with `wait` (seconds, at
   * most 30) the answer waits for the first match: this is how to follow. `since` and `until`: `2h`, `7d` or a date.
   */
  .add(
    HttpApiEndpoint.get("list", "/audit")
      .setUrlParams(
        Schema.Struct({
          site: Schema.optional(Schema.String),
          stream: Schema.optional(Schema.String),
          type: Schema.optional(Schema.String),
          actor: Schema.optional(Schema.String),
          since: Schema.optional(Schema.String),
          until: Schema.optional(Schema.String),
          before: Cursor,
          after: Cursor,
          wait: Wait,
          limit: Limit(1000, 50),
        }),
      )
      .addSuccess(Page(AuditEntry)),
  )
  /** Walks part of the chain, from behind event `after`, whose hash is `hash`. */
  .add(
    HttpApiEndpoint.get("verify", "/audit/verify")
      .setUrlParams(Schema.Struct({ after: Cursor, hash: Schema.optional(BlobHash) }))
      .addSuccess(Data(VerifyPart)),
  )
  .middleware(Authorization)
  .addError(Failure) {}
