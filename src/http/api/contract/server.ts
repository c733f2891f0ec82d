import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, exactly, Limit, Offset } from "./common.ts"

const ProjectionStatus = Schema.Struct({
  name: Schema.String,
  version: Count,
  seq: Count,
  /** While it is being rebuilt: how many of the log's events have been replayed. */
  rebuilding: Schema.NullOr(Schema.Struct({ seq: Count, total: Count })),
}).annotations({ identifier: "ProjectionStatus" })

export const Status = Schema.Struct({
  status: Schema.Literal("healthy", "read_only"),
  version: Schema.String,
  domain: Schema.String,
  /** The port the server listens on; `null` when only the local socket is open. */
  port: Schema.NullOr(Count),
  uptime_seconds: Count,
  /** The chain's head: its hash commits to all of history. */
  head: Schema.Struct({ seq: Count, hash: Schema.String }),
  sites: Count,
  database: Schema.Struct({ path: Schema.String, size_bytes: Count }),
  memory_bytes: Count,
  /** Server code since the start: runs; threads that hung and were replaced; runs begun again for that, and for conflicts. */
  functions: Schema.Struct({
    runs: Count,
    killed: Count,
    requeued: Count,
    conflicts: Count,
    waiting: Count,
    images: Count,
    image_bytes: Count,
  }),
  /** Open WebSockets. */
  sockets: Count,
  /** Why the cartridge cannot be written to, if it cannot. */
  read_only: Schema.NullOr(Schema.String),
}).annotations({ identifier: "Status" })
export type Status = typeof Status.Type

export class ServerGroup extends HttpApiGroup.make("server")
  .add(HttpApiEndpoint.get("status", "/status").addSuccess(Data(Status)).annotate(OpenApi.Summary, "What the server is doing"))
  .add(
    HttpApiEndpoint.get("projections", "/projections")
      .setUrlParams(exactly(Schema.Struct({ limit: Limit(100, 100), offset: Offset })))
      .addSuccess(List(ProjectionStatus))
      .annotate(OpenApi.Summary, "Read models, and how far those are that are being rebuilt"),
  )
  .add(
    HttpApiEndpoint.post("rebuild", "/projections/rebuild")
      .setPayload(exactly(Schema.Struct({ projections: Schema.optional(Schema.Array(Schema.String)) })))
      .addSuccess(Data(Schema.Struct({ projections: Schema.Array(Schema.String) })), { status: 202 })
      .annotate(OpenApi.Summary, "Rebuild read models from the log")
      .annotate(
        OpenApi.Description,
        "Starts it for some, or without `projections` for all; `GET /api/projections` shows how far it is. The old rows keep serving.",
      ),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "What the server is doing, and its read models.") {}
