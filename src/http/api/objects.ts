import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { portAsk } from "../../commands/writerPort.ts"
import { blobReader } from "../../events/blobs.ts"
import { normalObjectPath, objectPathProblem, objectStream } from "../../events/object.ts"
import type { ObjectChange } from "../../projections/objectHistory.ts"
import { type ObjectRow, objectQueries } from "../../projections/objects.ts"
import { Queries } from "../../projections/Queries.ts"
import { blobSink } from "../deploy/blobSink.ts"
import { DeployRefused } from "../deploy/refused.ts"
import { Reads } from "../Reads.ts"
import { Settings } from "../Settings.ts"
import { Api } from "./Api.ts"
import { upload } from "./blobs.ts"
import { bodyParts, whileAllowed } from "./body.ts"
import { contentSender } from "./content.ts"
import type { ObjectVersion, StoredObject } from "./contract/objects.ts"
import { type Failure, invalid, refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { findSite } from "./findSite.ts"
import { itemChanges } from "./items.ts"
import { siteQuota } from "./siteQuota.ts"
import { time } from "./views.ts"

/** The objects of sites, for those who look after them. */
export const objectsLayer = HttpApiBuilder.group(Api, "objects", (handlers) =>
  Effect.gen(function* () {
    const queries = yield* Queries
    const writer = yield* CartridgeWriter
    const settings = yield* Settings
    const { db } = yield* Reads
    const port = yield* Effect.acquireRelease(
      Effect.sync(() => writer.connect()),
      (open) => Effect.sync(() => open.close()),
    )
    const ask = portAsk(port)
    const blobs = blobReader(db)
    const find = findSite(db)
    const read = objectQueries(db)
    const changes = itemChanges(writer, db)
    const quota = siteQuota(db, settings)
    const send = contentSender(blobs)

    const current = (site: string, path: string) =>
      Effect.suspend(() => {
        const row = read.object(site, path)
        return row === undefined ? Effect.fail(objectNotFound(site, path)) : Effect.succeed(row)
      })

    const contentAt = (site: string, path: string, version: number) =>
      Effect.gen(function* () {
        const [change] = (yield* queries.objectHistory(site, path, version + 1, 1)).changes
        if (change?.version !== version || change.kind !== "set") return yield* Effect.fail(versionNotFound(site, path, version))
        return { blob: change.blob!, size: change.size!, type: change.type! }
      })

    /** Whether the object may be put in place of what is there now, being of this size; says which version the stream has to have. */
    const mayPut = (site: string, path: string, size: number, wanted: number | undefined) =>
      Effect.gen(function* () {
        const before = read.object(site, path)
        const expected = yield* changes.expected(objectStream(site, path), before?.version, wanted)
        yield* quota(site, before === undefined ? 1 : 0, size - (before?.size ?? 0))
        return expected
      })

    const receive = (request: HttpServerRequest.HttpServerRequest) =>
      upload(async ({ refusal }) => {
        const sink = blobSink(ask, (hash) => blobs.size(hash) !== undefined)
        const max = settings.number("limits.file_bytes")
        const body = bodyParts(NodeHttpServerRequest.toIncomingMessage(request), max, () => tooLarge(max))
        const stored = await sink.store(whileAllowed(body, refusal))
        await sink.flush()
        return stored
      })

    return handlers
      .handle("list", ({ path: { site }, urlParams: { prefix, cursor, limit } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const rows = read.objects(site, { prefix: normalObjectPath(prefix), after: cursor, limit: limit + 1 })
          const page = rows.slice(0, limit)
          return { data: page.map(objectView), meta: { limit, next: rows.length > limit ? page.at(-1)!.path : null } }
        }).pipe(refuse),
      )
      .handle("get", ({ request, path: { site }, urlParams }) =>
        Effect.gen(function* () {
          yield* find(site)
          const path = normalObjectPath(urlParams.path)
          const { version } = urlParams
          const { blob, size, type } = version === undefined ? yield* current(site, path) : yield* contentAt(site, path, version)
          return yield* send(request, { hash: blob, size, type, path })
        }).pipe(refuse),
      )
      .handleRaw("put", ({ request, path: { site }, urlParams: { path: given, if_version: wanted } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const path = yield* checkedPath(given)
          const type = yield* checkedType(request.headers["content-type"] ?? "application/octet-stream")
          // What is announced to be too much is refused before it is sent.
          yield* mayPut(site, path, Number(request.headers["content-length"] ?? 0), wanted)
          const { hash: blob, size } = yield* receive(request)
          const expected = yield* mayPut(site, path, size, wanted)
          yield* changes.append(objectStream(site, path), expected, { type: "v1.ObjectPut", data: { site, path, blob, size, type } })
          return { data: objectView(yield* current(site, path)) }
        }).pipe(refuse),
      )
      .handle("delete", ({ path: { site }, urlParams: { path: given, if_version } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const path = normalObjectPath(given)
          const { version } = yield* current(site, path)
          const stream = objectStream(site, path)
          yield* changes.expected(stream, version, if_version)
          yield* changes.append(stream, version, { type: "v1.ObjectDeleted", data: { site, path } })
          return { data: { message: `${path} of ${site} is deleted. Its history stays.` } }
        }).pipe(refuse),
      )
      .handle("history", ({ path: { site }, urlParams: { path, before, limit } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const { changes, more } = yield* queries.objectHistory(site, normalObjectPath(path), before ?? Number.MAX_SAFE_INTEGER, limit)
          return { data: changes.map(versionView), meta: { limit, next: more ? String(changes.at(-1)!.version) : null } }
        }).pipe(refuse),
      )
  }),
)

const checkedPath = (given: string): Effect.Effect<string, Failure> => {
  const path = normalObjectPath(given)
  const problem = objectPathProblem(path)
  return problem === undefined
    ? Effect.succeed(path)
    : Effect.fail(invalid("path", `This cannot be an object's path: ${problem}.`, problem))
}

const checkedType = (type: string): Effect.Effect<string, Failure> =>
  /^[\x20-\x7e]{1,255}$/.test(type)
    ? Effect.succeed(type)
    : Effect.fail(invalid("content-type", "Content-Type has to be 1 to 255 printable ASCII characters, such as image/png."))

const objectView = ({ path, size, type, blob, version, updated_at }: ObjectRow): StoredObject => ({
  path,
  size_bytes: size,
  type,
  hash: blob,
  version,
  updated_at: time(updated_at),
})

const versionView = ({ at, size, blob, ...change }: ObjectChange): ObjectVersion => ({
  ...change,
  at: time(at),
  size_bytes: size,
  hash: blob,
})

const tooLarge = (max: number) =>
  new DeployRefused({ code: "PAYLOAD_TOO_LARGE", status: 413, message: `An object may have at most ${max} bytes (limits.file_bytes).` })

const quoted = (path: string): string => JSON.stringify(path.slice(0, 600))

const objectNotFound = (site: string, path: string) => refusal("OBJECT_NOT_FOUND", `${site} has no object ${quoted(path)}.`)

const versionNotFound = (site: string, path: string, version: number) =>
  refusal(
    "OBJECT_NOT_FOUND",
    `The object ${quoted(path)} of ${site} had no content at version ${version}. Its history says which ones it had.`,
  )
