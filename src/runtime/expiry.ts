import { randomUUIDv7 } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import type { WriterError, WriterRequest } from "../commands/writerRequest.ts"
import { openForReading, type Sqlite } from "../events/cartridge.ts"
import { kvStream } from "../events/kv.ts"
import { type ExpiredKey, kvQueries } from "../projections/kvStore.ts"

const every = "5 minutes"

/** How many keys are deleted before others get their turn at the writer. */
const batch = 500

/** Deletes keys whose time is up, as long as the layer lives. Nobody sees them anyway: this frees their room. */
export const expireKeys = (path: string): Layer.Layer<never, never, CartridgeWriter> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { readOnly } = yield* CartridgeWriter
      if (readOnly !== undefined) return
      const db = yield* Effect.acquireRelease(
        Effect.sync(() => openForReading(path)),
        (db) => Effect.sync(() => db.close()),
      )
      const sweep = Effect.catchAllCause(deleteExpired(db), (cause) => Effect.logError("Expired keys could not be deleted.", cause))
      yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(every)))
    }),
  )

/** Deletes all keys that have expired by now, in batches, and says how many. One that is set meanwhile stays. */
export const deleteExpired = (db: Sqlite): Effect.Effect<number, WriterError, CartridgeWriter> =>
  Effect.gen(function* () {
    const writer = yield* CartridgeWriter
    const now = yield* Clock.currentTimeMillis
    const { expired } = kvQueries(db)
    const one = (key: ExpiredKey) =>
      writer.request(deletion(key)).pipe(
        Effect.as(1),
        Effect.catchTag("VersionConflict", () => Effect.succeed(0)),
      )
    let deleted = 0
    for (let keys = expired(now, batch); keys.length > 0; keys = expired(now, batch)) {
      const counts = yield* Effect.forEach(keys, one, { concurrency: "unbounded" })
      deleted += counts.reduce((sum: number, count) => sum + count, 0)
    }
    return deleted
  })

const deletion = ({ site, key, version }: ExpiredKey): WriterRequest => ({
  kind: "append",
  request: {
    actor: "system",
    cause: "expired",
    streams: [
      {
        stream: kvStream(site, key),
        expected: version,
        events: [{ id: randomUUIDv7(), type: "v1.KvDeleted", data: { site, key } }],
      },
    ],
  },
})
