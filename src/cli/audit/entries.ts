import * as Effect from "effect/Effect"
import type { AuditEntry } from "../../http/api/contract/audit.ts"
import { jsonText, second } from "../format.ts"
import { Output } from "../output.ts"
import { type Look, table } from "../table.ts"

const columns = [{ title: "", align: "right" }, { title: "" }, { title: "" }, { title: "" }, { title: "" }, { title: "" }] as const

/** Events in the order given; the shortest widths keep what is printed later aligned with what came before. */
const renderAudit = (entries: ReadonlyArray<AuditEntry>, look: Look): string => {
  const { paint } = look
  const rows = entries.map(({ seq, at, type, stream, actor, data }) => [
    { text: String(seq).padStart(5), paint: paint.dim },
    second(Date.parse(at)),
    { text: type.padEnd(18), paint: paint.bold },
    { text: stream.padEnd(16), paint: paint.cyan },
    actor.padEnd(16),
    { text: data === null ? "(erased)" : JSON.stringify(data), paint: paint.dim },
  ])
  return table(columns, rows, look)
}

/** Prints events: as JSON one a line, so that a reader can take them one by one. */
export const printAudit = (json: boolean, entries: ReadonlyArray<AuditEntry>) =>
  Effect.gen(function* () {
    const { print, look } = yield* Output
    if (entries.length === 0) return
    yield* print(json ? entries.map((entry) => jsonText(entry)).join("\n") : renderAudit(entries, look))
  })
