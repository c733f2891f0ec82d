import { randomUUIDv7 } from "node:crypto"
import * as Effect from "effect/Effect"
import type { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { ensureAllowed, type NoLongerAllowed } from "../../commands/Commands.ts"
import type { Sqlite } from "../../events/cartridge.ts"
import { type ExpectedVersion, type LogIsReadOnly, type StorageFailed, VersionConflict } from "../../events/EventLog.ts"
import type { Event } from "../../events/event.ts"
import { logReader } from "../../events/log.ts"
import { Caller } from "./contract/authorization.ts"

type AppendError = VersionConflict | LogIsReadOnly | NoLongerAllowed | StorageFailed

/**
 * Changes of single keys, documents and objects, each of which is a stream, by whoever asks the API. Code in a sandbox uses units of work
 * instead.
 */
export const itemChanges = (writer: typeof CartridgeWriter.Service, db: Sqlite) => {
  const { streamVersion } = logReader(db)
  return {
    /** What the stream's version has to be for a change that is wanted if the item's is `wanted` (0: if there is none); `now` is its version. */
    expected: (stream: string, now: number | undefined, wanted: number | undefined): Effect.Effect<ExpectedVersion, VersionConflict> =>
      Effect.suspend(() => {
        if (wanted === undefined) return Effect.succeed<ExpectedVersion>("any")
        if (wanted !== (now ?? 0)) {
          return Effect.fail(new VersionConflict({ stream, expected: wanted === 0 ? "none" : wanted, actual: now ?? 0 }))
        }
        // What is gone has left a history behind.
        const version = now ?? streamVersion(stream)
        return Effect.succeed<ExpectedVersion>(version === 0 ? "none" : version)
      }),
    /** Appends the event, and the blob that it names, if that is not stored yet; if whoever asks may still have it done. */
    append: (stream: string, expected: ExpectedVersion, event: Event, blob?: Uint8Array): Effect.Effect<unknown, AppendError, Caller> =>
      Effect.flatMap(Caller, (caller) => {
        const { actor, cause } = caller
        const streams = [{ stream, expected, events: [{ ...event, id: randomUUIDv7() }] }]
        const unit = { kind: "unit", request: { actor, cause, streams }, blobs: blob === undefined ? [] : [blob] } as const
        return Effect.zipRight(ensureAllowed(caller), writer.request(unit) as Effect.Effect<unknown, AppendError>)
      }),
  }
}
