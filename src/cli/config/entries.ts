import type { ConfigEntry } from "../../http/api/contract/config.ts"
import { type Look, table } from "../table.ts"

const columns = [{ title: "KEY" }, { title: "VALUE" }, { title: "" }, { title: "WHAT IT IS" }]

/** Settings as a table: those that were set stand out. */
export const renderEntries = (entries: ReadonlyArray<ConfigEntry>, look: Look): string =>
  table(
    columns,
    entries.map(({ key, value, set, restart, description }) => [
      key,
      { text: value === "" ? '""' : value, paint: set ? look.paint.bold : look.paint.dim },
      { text: set ? "set" : "default", paint: look.paint.dim },
      restart ? `${description} (from the next start)` : description,
    ]),
    look,
  )

/** One setting after a change. One's own have no default: unset, they are not there. */
export const renderEntry = ({ key, value, set, restart }: ConfigEntry, { paint }: Look): string =>
  !set && key.startsWith("custom.")
    ? `${paint.green("✓")} ${key} is gone`
    : `${paint.green("✓")} ${key} is ${value === "" ? '""' : value}${set ? "" : ", the default"}${restart ? ", from the server's next start" : ""}`
