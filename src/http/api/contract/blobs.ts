import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { BlobHash } from "../../../events/site.ts"
import { Data, Failure } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, exactly } from "./common.ts"

/** Uploading what a deploy consists of. */
export class BlobsGroup extends HttpApiGroup.make("blobs")
  .add(
    HttpApiEndpoint.post("missing", "/blobs/missing")
      .setPayload(exactly(Schema.Struct({ hashes: Schema.Array(BlobHash).pipe(Schema.maxItems(10_000)) })))
      .addSuccess(Data(Schema.Struct({ missing: Schema.Array(BlobHash) })))
      .annotate(OpenApi.Summary, "Which blobs are still to be uploaded"),
  )
  .add(
    HttpApiEndpoint.post("uploadBatch", "/blobs")
      .addSuccess(Data(Schema.Struct({ hashes: Schema.Array(BlobHash) })), { status: 201 })
      .annotate(OpenApi.Summary, "Upload many small blobs")
      .annotate(OpenApi.Description, "The answer has their hashes, in order."),
  )
  .add(
    HttpApiEndpoint.put("upload")`/blobs/${HttpApiSchema.param("hash", BlobHash)}`
      .addSuccess(Data(Schema.Struct({ hash: BlobHash, size: Count })), { status: 201 })
      .annotate(OpenApi.Summary, "Upload a blob")
      .annotate(OpenApi.Description, "The body is the bytes; their SHA-256 must be the hash in the path."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "Uploading what a deploy consists of: bytes, which go by their SHA-256.") {}
