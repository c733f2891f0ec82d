import * as Schema from "effect/Schema"
import { type Envelope, type Event, type EventType, eventDefinitions, type LogEntry } from "./event.ts"

/** One step from a retired event version to the next: `{ type, data }` in, `{ type, data }` out. */
export type Upcaster = (data: unknown) => { readonly type: string; readonly data: unknown }

/** Retired versions. Stored rows never change: they are lifted to the current version each time they are read. */
const upcasters: ReadonlyMap<string, Upcaster> = new Map()

const validators = new Map<string, { readonly check: (data: unknown) => unknown; readonly erasable: boolean }>(
  eventDefinitions.map(({ type, schema, erasable, isValid }) => {
    const validate = Schema.validateSync(schema as Schema.Schema.AnyNoContext)
    return [type, { check: isValid === undefined ? validate : (data) => (isValid(data) ? data : validate(data)), erasable }]
  }),
)

/** Whether this release can read the type, in its current or in a retired version. */
export const isKnownType = (type: string): boolean => validators.has(type) || upcasters.has(type)

/** Whether the payload of this type may be erased. */
export const isErasableType = (type: string): boolean => validators.get(type)?.erasable ?? false

/** Checks an event against its schema before it is written. Throws a ParseError that names the field. */
export const validateEvent = (event: { readonly type: string; readonly data: unknown }): Event => {
  const validator = validators.get(event.type)
  if (validator === undefined) throw new Error(`No current event type is called ${event.type}`)
  return { type: event.type as EventType, data: validator.check(event.data) } as Event
}

/** A stored row's payload as its current version. `table` is a parameter so that tests can retire versions. */
export const upcast = (type: string, data: unknown, table = upcasters): { readonly type: string; readonly data: unknown } => {
  let current = { type, data }
  for (let step = table.get(type); step !== undefined; step = table.get(current.type)) current = step(current.data)
  return current
}

/** A row of the log as the rest of the program sees it. */
export const decode = (envelope: Envelope, data: string | null): LogEntry => {
  if (data === null) return { ...envelope, data: null }
  return { ...envelope, ...upcast(envelope.type, JSON.parse(data)) } as LogEntry
}
