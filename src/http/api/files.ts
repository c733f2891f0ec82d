import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { blobReader } from "../../events/blobs.ts"
import { fileQueries } from "../../projections/files.ts"
import { Queries } from "../../projections/Queries.ts"
import { Reads } from "../Reads.ts"
import { Api } from "./Api.ts"
import { contentSender } from "./content.ts"
import { refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { fileLister } from "./fileLister.ts"
import { findDeploy } from "./findDeploy.ts"
import { findSite } from "./findSite.ts"

export const filesLayer = HttpApiBuilder.group(Api, "files", (handlers) =>
  Effect.gen(function* () {
    const queries = yield* Queries
    const { db } = yield* Reads
    const find = findSite(db)
    const resolve = findDeploy(db)
    const { file } = fileQueries(db)
    const send = contentSender(blobReader(db))
    const list = fileLister(db, queries)

    const fileAt = (site: string, path: string, ref: string | undefined) =>
      Effect.gen(function* () {
        yield* find(site)
        const found = ref === undefined ? file(site, path) : yield* queries.fileIn((yield* resolve(site, ref)).manifest, path)
        return found === undefined ? yield* Effect.fail(fileNotFound(site, path)) : found
      })

    return handlers
      .handle("list", ({ path: { site }, urlParams }) => list(site, urlParams).pipe(refuse))
      .handle("content", ({ request, path: { site, "*": path }, urlParams: { deploy } }) =>
        Effect.flatMap(fileAt(site, path, deploy), ({ hash, size, type }) => send(request, { hash, size, type, path })).pipe(refuse),
      )
  }),
)

const fileNotFound = (site: string, path: string) =>
  refusal("FILE_NOT_FOUND", `${site} has no file ${JSON.stringify(path.slice(0, 600))} in that deploy.`)
