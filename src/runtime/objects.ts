import { normalObjectPath, objectPathProblem, objectStream } from "../events/object.ts"
import { objectQueries } from "../projections/objects.ts"
import { compareText } from "../projections/prefixRange.ts"
import { GuestError } from "./host.ts"
import type { Mutation } from "./layers.ts"
import { chargeStorage, type StorageLimits } from "./quota.ts"
import type { Unit } from "./unit.ts"

/** An object as a unit of work sees it. `hash` names its bytes; `updatedAt` is epoch milliseconds. */
export interface StoredObject {
  readonly path: string
  readonly hash: string
  readonly size: number
  /** Its MIME type. */
  readonly type: string
  readonly updatedAt: number
}

/** What a unit has made of an object; none: it was deleted. */
interface ObjectMutation extends Mutation {
  readonly object: StoredObject | undefined
}

const checkPath = (given: string | undefined): string => {
  const path = normalObjectPath(given ?? "")
  const problem = objectPathProblem(path)
  if (problem !== undefined) {
    throw new GuestError(`This cannot be an object's path: ${problem}.`, { name: "TypeError", code: "OBJECT_PATH_INVALID" })
  }
  return path
}

const checkType = (type: string): string => {
  if (/^[\x20-\x7e]{1,255}$/.test(type)) return type
  throw new GuestError("A MIME type has 1 to 255 printable ASCII characters, such as image/png.", {
    name: "TypeError",
    code: "OBJECT_TYPE_INVALID",
  })
}

export const getObject = (unit: Unit, given: string | undefined): StoredObject | undefined => {
  const path = checkPath(given)
  const written = unit.read<ObjectMutation>(objectStream(unit.site, path))
  return written === undefined ? storedObject(unit, path) : written.object
}

const storedObject = (unit: Unit, path: string): StoredObject | undefined => {
  const row = unit.query(objectQueries).object(unit.site, path)
  return row === undefined ? undefined : { path, hash: row.blob, size: row.size, type: row.type, updatedAt: row.updated_at }
}

export const putObject = (unit: Unit, limits: StorageLimits, given: string | undefined, bytes: Uint8Array, mime: string): StoredObject => {
  const path = checkPath(given)
  const type = checkType(mime)
  const { site } = unit
  const stream = objectStream(site, path)
  const written = unit.peek<ObjectMutation>(stream)
  const before = written === undefined ? storedObject(unit, path) : written.object
  const size = bytes.byteLength
  chargeStorage(unit, limits, before === undefined ? 1 : 0, size - (before?.size ?? 0))
  const hash = unit.putBytes(bytes)
  const object: StoredObject = { path, hash, size, type, updatedAt: unit.now }
  const mutation: ObjectMutation = { size, object }
  unit.write(stream, { type: "v1.ObjectPut", data: { site, path, blob: hash, size, type } }, mutation)
  return object
}

/** Whether there was anything to delete. */
export const deleteObject = (unit: Unit, given: string | undefined): boolean => {
  const before = getObject(unit, given)
  if (before === undefined) return false
  const { path, size } = before
  unit.charge(-1, -size)
  const mutation: ObjectMutation = { size: undefined, object: undefined }
  unit.write(objectStream(unit.site, path), { type: "v1.ObjectDeleted", data: { site: unit.site, path } }, mutation)
  return true
}

/** Up to `limit` objects whose path begins with `prefix` and comes after `after`, in the order of its UTF-8 bytes. */
export const listObjects = (
  unit: Unit,
  given: { readonly prefix: string; readonly after: string | undefined; readonly limit: number },
): { readonly objects: ReadonlyArray<StoredObject>; readonly more: boolean } => {
  const { after, limit } = given
  const prefix = normalObjectPath(given.prefix)
  const written = unit.readRange<ObjectMutation>(objectStream(unit.site, prefix))
  // Each written path can hide one row.
  const rows = unit.query(objectQueries).objects(unit.site, { prefix, after, limit: limit + 1 + written.size })
  const found = new Map<string, StoredObject>(
    rows.map(({ path, blob, size, type, updated_at }) => [path, { path, hash: blob, size, type, updatedAt: updated_at }]),
  )
  const start = objectStream(unit.site, "").length
  for (const [stream, { object }] of written) {
    const path = stream.slice(start)
    if (object === undefined) found.delete(path)
    else if (after === undefined || compareText(path, after) > 0) found.set(path, object)
  }
  const all = [...found.values()].sort((a, b) => compareText(a.path, b.path))
  return { objects: all.slice(0, limit), more: all.length > limit }
}
