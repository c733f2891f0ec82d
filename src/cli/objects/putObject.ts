import { stat } from "node:fs/promises"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { contentType } from "mime-types"
import { StoredObject } from "../../http/api/contract/objects.ts"
import type { Server } from "../client.ts"
import { segment } from "../connection.ts"
import { FileChanged } from "../deploy/hashFiles.ts"
import { fileBytes } from "../deploy/uploadBlob.ts"
import { failed, messageOf } from "../errors.ts"
import { Output } from "../output.ts"
import { answered } from "../rawAnswer.ts"

const decode = Schema.decodeUnknown(Schema.Struct({ data: StoredObject }))

/** Sends the bytes of a file, straight from the disk, or those of standard input. Without a type, they have that of the path's ending. */
export const putObject = (
  { http }: Server,
  site: string,
  urlParams: Readonly<Record<string, string>> & { readonly path: string },
  file: string,
  givenType: string | undefined,
) =>
  Effect.gen(function* () {
    const type = givenType ?? typeOf(urlParams.path)
    const body = file === "-" ? HttpBody.uint8Array(yield* Effect.flatMap(Output, ({ stdin }) => stdin), type) : yield* fileBody(file, type)
    const response = yield* http.execute(HttpClientRequest.put(`/api/sites/${segment(site)}/objects/content`, { urlParams, body })).pipe(
      // The client wraps what the body's stream fails with.
      Effect.catchTag("RequestError", (error) => Effect.fail(error.cause instanceof FileChanged ? error.cause : error)),
    )
    return (yield* Effect.flatMap(answered(response), decode)).data
  })

const typeOf = (path: string): string => contentType(path.slice(path.lastIndexOf("/") + 1)) || "application/octet-stream"

const fileBody = (path: string, type: string) =>
  Effect.gen(function* () {
    const found = yield* Effect.tryPromise({
      try: () => stat(path),
      catch: (cause) => failed("FILE_UNREADABLE", `cannot read ${path}: ${messageOf(cause)}`),
    })
    if (!found.isFile()) return yield* failed("FILE_UNREADABLE", `cannot read ${path}: it is no file`)
    // No stream has no bytes: a request that ends before it began.
    if (found.size === 0) return HttpBody.uint8Array(new Uint8Array(), type)
    return HttpBody.stream(
      fileBytes({ path, absolute: path, size: found.size }, () => {}),
      type,
      found.size,
    )
  })
