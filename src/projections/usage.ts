import type { Sqlite } from "../events/cartridge.ts"

/** How many items each site has in a store, and their bytes. */
export const usageTable = (name: string): string => `
    CREATE TABLE ${name} (
      site  TEXT PRIMARY KEY,
      items INTEGER NOT NULL,
      bytes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`

/** Keeps such a table. What events change is summed up, so that many of them write a site's row once. */
export const usageCounter = (db: Sqlite, name: string) => {
  const add = db.prepare<[string, number, number]>(
    `INSERT INTO ${name} VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET items = items + excluded.items, bytes = bytes + excluded.bytes`,
  )
  const gathered = new Map<string, { items: number; bytes: number }>()
  return {
    charge: (site: string, items: number, bytes: number): void => {
      const sum = gathered.get(site)
      if (sum === undefined) {
        gathered.set(site, { items, bytes })
        return
      }
      sum.items += items
      sum.bytes += bytes
    },
    settle: (): void => {
      for (const [site, { items, bytes }] of gathered) add.run(site, items, bytes)
      gathered.clear()
    },
    forget: (): void => {
      gathered.clear()
    },
  }
}
