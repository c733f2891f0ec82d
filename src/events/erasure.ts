import * as Schema from "effect/Schema"
import { defineEvent } from "./define.ts"

export const erasureEvents = [
  /** The payload of the event at `seq` was erased. Its row and hashes stay, so the chain still verifies. */
  defineEvent("v1.PayloadErased", { seq: Schema.Int.pipe(Schema.positive()), reason: Schema.String }),
] as const

/** One stream for each erased event: it says at once whether a missing payload is accounted for. */
export const erasureStream = (seq: number): string => `erasure/${seq}`
