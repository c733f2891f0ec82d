const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** A point in time as people write it: how long ago (`90s`, `2h`, `7d`) or a date (`2026-11-21`, RFC 3339; UTC). Epoch milliseconds. */
export const parseTime = (text: string, now: number): number | undefined => {
  const [, amount, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  if (amount !== undefined && unit !== undefined) return now - Number(amount) * units[unit]!
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)) return undefined
  // A date without a zone means UTC, as everything here does; without this a time of day would be local.
  const zoned = /T| /.test(text) && !/(Z|[+-]\d{2}:\d{2})$/.test(text) ? `${text.replace(" ", "T")}Z` : text.replace(" ", "T")
  const ms = Date.parse(zoned)
  return Number.isNaN(ms) ? undefined : ms
}
