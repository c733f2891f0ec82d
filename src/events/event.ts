import { accountEvents } from "./accounts.ts"
import { configEvents } from "./config.ts"
import type { EventOf } from "./define.ts"
import { documentEvents } from "./doc.ts"
import { envEvents } from "./env.ts"
import { erasureEvents } from "./erasure.ts"
import { keyEvents } from "./keys.ts"
import { kvEvents } from "./kv.ts"
import { logsEvents } from "./logs.ts"
import { objectEvents } from "./object.ts"
import { sessionEvents } from "./sessions.ts"
import { siteEvents } from "./site.ts"

/** Every event type this release can read and write, current versions only; retired ones live on in `codec.ts` as upcasters. */
export const eventDefinitions = [
  ...siteEvents,
  ...configEvents,
  ...accountEvents,
  ...keyEvents,
  ...sessionEvents,
  ...erasureEvents,
  ...envEvents,
  ...logsEvents,
  ...kvEvents,
  ...objectEvents,
  ...documentEvents,
] as const

/** A fact, before it has a place in the log. */
export type Event = EventOf<(typeof eventDefinitions)[number]>
export type EventType = Event["type"]

/** The parts of a recorded event that its hash covers beside the payload. */
export interface Envelope {
  /** Place in the one total order, gapless, from 1. */
  readonly seq: number
  /** Unique for ever: an append repeated with the same ids returns the first result. */
  readonly id: string
  readonly stream: string
  /** Place in its stream, gapless, from 1. */
  readonly version: number
  readonly type: string
  /** Epoch milliseconds, never decreasing. */
  readonly at: number
  /** Who did it: `owner`, `user:<id>`, `key:<id>`, `fn:<site>`, `visitor`, `system`. */
  readonly actor: string
  /** The request or command that all events of one decision share. */
  readonly cause: string
}

/** An event as the log gives it back, upcast to its current version. */
export type Recorded = Envelope & Event

/** An event whose payload has been erased. */
export interface Erased extends Envelope {
  readonly data: null
}

/** Any row of the log. */
export type LogEntry = Recorded | Erased

export const isErased = (entry: LogEntry): entry is Erased => entry.data === null
