import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { Event, LogEntry } from "./event.ts"

/** How far a stream must have come for an append to be accepted; checked in the transaction that appends. */
export const ExpectedVersion = Schema.Union(Schema.Literal("any", "none", "exists"), Schema.Int.pipe(Schema.positive()))
export type ExpectedVersion = typeof ExpectedVersion.Type

/** New events for one stream. Each `id` is unique for ever. */
export interface StreamAppend {
  readonly stream: string
  /** `any`: no check; `none`: the stream must not exist; `exists`: it must; a number: its last version. */
  readonly expected: ExpectedVersion
  readonly events: ReadonlyArray<Event & { readonly id: string }>
}

/**
 * What an append was worked out from. It holds if, in the transaction that appends,
 * - every append named in `after` is in the log, and they stand there in this order;
 * - the last event of each of `streams` has a seq of at most `at`, or belongs to an append named in `after`;
 * - so does every event with a greater seq whose stream begins with one of `prefixes`.
 *
 * An event belongs to the append `x` if its id is `x.<n>`; the first event of `x` is `x.0`.
 */
export interface Reads {
  /** The last seq of the snapshot that was read, 0 for an empty log. */
  readonly at: number
  readonly streams: ReadonlyArray<string>
  readonly prefixes: ReadonlyArray<string>
  /** Appends whose events were seen before it was known that they are in the log, in the order in which they were sent. */
  readonly after: ReadonlyArray<string>
}

/** Events for one or more streams that are appended together or not at all. A stream appears once. */
export interface AppendRequest {
  readonly actor: string
  readonly cause: string
  /** With `reads` it may be empty: then nothing but the reads is checked. */
  readonly streams: ReadonlyArray<StreamAppend>
  /** Refused with a `VersionConflict` unless it holds. */
  readonly reads?: Reads | undefined
}

/**
 * Where an append landed: its events' seqs are `first` to `last`. `repeated`: it had been appended before, with the same ids.
 * An append without events has `last` where the log ends and `first` one past it.
 */
export interface Appended {
  readonly first: number
  readonly last: number
  readonly repeated: boolean
}

/** The end of the log; `hash` (hex) commits to all of history. An empty log is `{ seq: 0 }` and 64 zeros. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

/** The stream was not where the caller expected it. `actual` is its last version, 0 if it does not exist. */
export class VersionConflict extends Schema.TaggedError<VersionConflict>()("VersionConflict", {
  stream: Schema.String,
  expected: ExpectedVersion,
  actual: Schema.Int,
}) {
  readonly code = "CONFLICT"
  readonly status = 409
  override get message(): string {
    return `${this.stream} is at version ${this.actual}, expected ${this.expected}. Read it again and retry.`
  }
}

/** An event id came back with other content, or only some ids of an append are known. */
export class EventIdReused extends Schema.TaggedError<EventIdReused>()("EventIdReused", { id: Schema.String }) {
  readonly code = "CONFLICT"
  readonly status = 409
  override get message(): string {
    return `The event id ${this.id} already names another event. Use a new id for new events.`
  }
}

/** An event does not fit its schema, or an append is malformed. */
export class InvalidEvent extends Schema.TaggedError<InvalidEvent>()("InvalidEvent", { reason: Schema.String }) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  override get message(): string {
    return this.reason
  }
}

/** The log holds facts this release cannot read, so it must not be written to. It stays readable. */
export class LogIsReadOnly extends Schema.TaggedError<LogIsReadOnly>()("LogIsReadOnly", {
  types: Schema.Array(Schema.String),
  needs: Schema.String,
}) {
  readonly code = "SERVICE_UNAVAILABLE"
  readonly status = 503
  override get message(): string {
    return `This cartridge holds events that this release does not know (${this.types.join(", ")}). It is readable, but writing needs Fazt ${this.needs} or newer.`
  }
}

/** The disk is full, or the storage failed. Nothing of the request was kept. */
export class StorageFailed extends Schema.TaggedError<StorageFailed>()("StorageFailed", { reason: Schema.String, full: Schema.Boolean }) {
  readonly code = "STORAGE_FAILED"
  readonly status = 507
  override get message(): string {
    return this.full
      ? "The disk is full: nothing was changed. Free some space and try again."
      : `The storage failed, nothing was changed: ${this.reason}`
  }
}

/** There is no payload that could be erased: no such event, or one that other facts lean on. */
export class NotErasable extends Schema.TaggedError<NotErasable>()("NotErasable", { seq: Schema.Int, reason: Schema.String }) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  override get message(): string {
    return `Event ${this.seq} cannot be erased: ${this.reason}`
  }
}

export const AppendError = Schema.Union(VersionConflict, EventIdReused, InvalidEvent, LogIsReadOnly, StorageFailed)
export type AppendError = typeof AppendError.Type

/**
 * The log of facts. Every implementation passes `test/events/eventLogContract.ts`.
 *
 * Durability: an append that succeeded survives a crash of the process and of the machine.
 * Order: one total order, gapless; what `tail` gives is never reordered, repeated or skipped.
 */
export class EventLog extends Context.Tag("fazt/EventLog")<
  EventLog,
  {
    /**
     * Appends all of the request or nothing. Idempotent by event id: a repeat returns the first result and appends nothing, whatever
     * has become of what it had read. Fails with `VersionConflict` when a stream is not at its expected version, or when `reads` no
     * longer hold; `stream` then is the stream (or prefix, or append) that has changed.
     */
    readonly append: (request: AppendRequest) => Effect.Effect<Appended, AppendError>
    /** Up to `limit` entries with `seq >= from`, in order. Empty past the end. */
    readonly read: (from: number, limit: number) => Effect.Effect<ReadonlyArray<LogEntry>>
    /** Up to `limit` entries of one stream with `version >= from`, in order. Empty if the stream does not exist. */
    readonly readStream: (stream: string, from: number, limit: number) => Effect.Effect<ReadonlyArray<LogEntry>>
    /** All entries with `seq >= from`, then each new one once it is committed, without a gap between the two. Never ends. */
    readonly tail: (from: number) => Stream.Stream<LogEntry>
    /** Where the log ends now. */
    readonly head: Effect.Effect<Head>
    /** Erases one event's payload and records who did it and why; the chain still verifies. Erasing twice changes nothing. */
    readonly erase: (request: {
      readonly seq: number
      readonly reason: string
      readonly actor: string
      readonly cause: string
    }) => Effect.Effect<void, NotErasable | LogIsReadOnly | StorageFailed>
  }
>() {}
