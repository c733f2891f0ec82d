import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { BlobHash } from "../../../events/site.ts"
import { Data, Failure } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count } from "./common.ts"

/** Uploading what a deploy consists of. */
export class BlobsGroup extends HttpApiGroup.make("blobs")
  .add(
    HttpApiEndpoint.post("missing", "/blobs/missing")
      .setPayload(Schema.Struct({ hashes: Schema.Array(BlobHash).pipe(Schema.maxItems(10_000)) }))
      .addSuccess(Data(Schema.Struct({ missing: Schema.Array(BlobHash) }))),
  )
  /** Many small blobs in one request (`blobBatch.ts`): the body says how long each one is. Gives their hashes, in order. */
  .add(HttpApiEndpoint.post("uploadBatch", "/blobs").addSuccess(Data(Schema.Struct({ hashes: Schema.Array(BlobHash) })), { status: 201 }))
  /** The body is the bytes; their SHA-256 must be the hash in the path. */
  .add(
    HttpApiEndpoint.put("upload")`/blobs/${HttpApiSchema.param("hash", BlobHash)}`.addSuccess(
      Data(Schema.Struct({ hash: BlobHash, size: Count })),
      { status: 201 },
    ),
  )
  .middleware(Authorization)
  .addError(Failure) {}
