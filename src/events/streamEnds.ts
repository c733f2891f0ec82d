import type { Sqlite } from "./cartridge.ts"
import { textParameter } from "./parameters.ts"

/** The last event of a stream; version 0 and seq 0 if there is none. */
export interface StreamEnd {
  readonly seq: number
  readonly id: string
  readonly version: number
}

const none: StreamEnd = { seq: 0, id: "", version: 0 }

/** How many streams are remembered. */
const maxRemembered = 10_000

/**
 * Where streams end, remembered for those that were looked at or written to of late: streams that are appended to are mostly the same
 * few. What a transaction that is rolled back had made of them is forgotten by `forgetSince`.
 */
export const streamEnds = (db: Sqlite) => {
  const last = db.prepare<[string], StreamEnd>(
    `SELECT seq, id, version FROM events WHERE stream = ${textParameter} ORDER BY version DESC LIMIT 1`,
  )
  const known = new Map<string, StreamEnd>()
  /** What was put into `known` in this transaction, in order. */
  let noted: Array<string> = []

  const note = (stream: string, end: StreamEnd): void => {
    if (known.size >= maxRemembered) known.clear()
    known.set(stream, end)
    noted.push(stream)
  }

  return {
    of: (stream: string): StreamEnd => {
      const remembered = known.get(stream)
      if (remembered !== undefined) return remembered
      const end = last.get(stream) ?? none
      note(stream, end)
      return end
    },
    note,
    /** To be called when a transaction begins. */
    begin: (): void => {
      noted = []
    },
    mark: (): number => noted.length,
    forgetSince: (mark: number): void => {
      for (const stream of noted.splice(mark)) known.delete(stream)
    },
  }
}
