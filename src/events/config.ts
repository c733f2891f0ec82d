import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"

export const configEvents = [
  /** A setting of this cartridge was given a value; `value` as text, its meaning belongs to the key. */
  defineEvent("v1.ConfigSet", { key: Schema.String, value: Schema.String }, { erasable: true }),
  /** A setting went back to its default. */
  defineEvent("v1.ConfigUnset", { key: Schema.String }),
] as const

export type ConfigEvent = EventOf<(typeof configEvents)[number]>

/** All settings share one stream, so that their order is one history. */
export const configStream = "config"
