import type { Sqlite } from "../events/cartridge.ts"
import { objectStream } from "../events/object.ts"
import { type Change, changesOf } from "./streamHistory.ts"

/** What was put. `blob`: the SHA-256 of its content. */
interface ObjectDetails {
  readonly blob: string | null
  readonly size: number | null
  readonly type: string | null
}

/** One thing that happened to an object. */
export type ObjectChange = Change & ObjectDetails

const none: ObjectDetails = { blob: null, size: null, type: null }

/** An object's changes before a version of its stream. */
export const objectHistoryQueries = (db: Sqlite) => {
  const changes = changesOf(db, none, (event) => {
    if (event.type !== "v1.ObjectPut") return undefined
    const { blob, size, type } = event.data
    return { blob, size, type }
  })
  return { changes: (site: string, path: string, before: number, limit: number) => changes(objectStream(site, path), before, limit) }
}
