import { type Binding, GuestError, type Invocation } from "../host.ts"
import { deleteObject, getObject, listObjects, putObject, type StoredObject } from "../objects.ts"

/** The most objects in one answer of `s3.list`. */
const maxListed = 10_000

/** Which blobs each run of user code has been shown, and their sizes: a hash alone opens nothing, or it could open another site's bytes. */
const shown = new WeakMap<Invocation, Map<string, number>>()

/** Whether this run may send or read the blob: one of its objects has been found to consist of it, and has this size, if one is named. */
export const isShown = (invocation: Invocation, hash: string, size?: number): boolean => {
  const known = shown.get(invocation)?.get(hash)
  return known !== undefined && (size === undefined || size === known)
}

const show = (invocation: Invocation, { hash, size }: StoredObject): void => {
  const hashes = shown.get(invocation)
  if (hashes === undefined) shown.set(invocation, new Map([[hash, size]]))
  else hashes.set(hash, size)
}

/** Objects go in as JSON `{ path, mime, size, hash, updatedAt }`, bytes by their hash. */
export const s3Binding: Binding = (invocation) => {
  const described = ({ path, hash, size, type, updatedAt }: StoredObject) => ({ path, mime: type, size, hash, updatedAt })

  const handOut = (object: StoredObject | undefined): string | undefined => {
    if (object === undefined) return undefined
    show(invocation(), object)
    return JSON.stringify(described(object))
  }

  const bytesOf = (hash: string): Uint8Array => {
    const bytes = isShown(invocation(), hash) ? invocation().unit().bytes(hash) : undefined
    if (bytes === undefined) throw new GuestError("This object's content is not there any more.", { code: "OBJECT_GONE" })
    return bytes
  }

  const list = (prefix = "", after = "", limit = 0): string => {
    const { objects, more } = listObjects(invocation().unit(), {
      prefix,
      after: after === "" ? undefined : after,
      limit: limit > 0 ? Math.min(Math.floor(limit), maxListed) : maxListed,
    })
    if (more && limit === 0) {
      throw new GuestError(`There are over ${maxListed} objects. Take them page by page: s3.list({ prefix, limit, cursor }).`, {
        code: "OBJECT_LIST_TOO_LONG",
      })
    }
    const items = objects.map(({ path, type, size, updatedAt }) => ({ path, mime: type, size, updatedAt }))
    return JSON.stringify(more ? { items, cursor: objects.at(-1)!.path } : { items })
  }

  return {
    "s3.head": { kind: "sync", takes: "s", run: (path?: string) => handOut(getObject(invocation().unit(), path)) },
    "s3.bytes": { kind: "sync", takes: "s", run: bytesOf },
    "s3.base64": {
      kind: "sync",
      takes: "s",
      run: (hash: string) => {
        const bytes = bytesOf(hash)
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
      },
    },
    "s3.put": {
      kind: "sync",
      takes: "ssb",
      run: (path: string | undefined, mime: string, bytes: Uint8Array) =>
        handOut(putObject(invocation().unit(), invocation().limits, path, bytes, mime)),
    },
    "s3.delete": { kind: "sync", takes: "s", run: (path?: string) => deleteObject(invocation().unit(), path) },
    "s3.list": { kind: "sync", takes: "ssn", run: list },
  }
}
