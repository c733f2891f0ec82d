import { makeWriter } from "../../src/commands/writer.ts"
import type { LogLine } from "../../src/events/logs.ts"
import { tell, writerOptions } from "./cartridge.ts"

/** A line as a site's code logs it now. */
export const logLine = (message: string, level: LogLine["level"] = "log"): LogLine => ({ at: Date.now(), level, message })

/** What `root` logs, written into a cartridge that no server has open. `id` is the event's. */
export const writeLog = async (db: string, id: string, ...lines: ReadonlyArray<LogLine>): Promise<void> => {
  const writer = makeWriter(writerOptions(db))
  try {
    const events = [{ id, type: "v1.LogsWritten" as const, data: { site: "root", lines } }]
    const streams = [{ stream: "logs/root", expected: "any" as const, events }]
    await tell(writer, { kind: "append", request: { actor: "fn:root", cause: id, streams } })
  } finally {
    writer.close()
  }
}
