import Database from "better-sqlite3"
import { projections } from "../../src/projections/projector.ts"

/** Every row of every projection, as text: two cartridges show the same if their dumps are equal. */
export const dumpProjections = (path: string): Record<string, ReadonlyArray<string>> => {
  const db = new Database(path, { readonly: true })
  try {
    const tables = [...projections.flatMap(({ tables }) => tables), "projections"]
    return Object.fromEntries(
      tables.map((table) => [
        table,
        db
          .prepare(`SELECT * FROM ${table}`)
          .raw()
          .all()
          .map((row) => JSON.stringify(row))
          .sort(),
      ]),
    )
  } finally {
    db.close()
  }
}

/** The schema of the projections, without the leftovers of how it came about. */
export const dumpSchema = (path: string): ReadonlyArray<string> => {
  const db = new Database(path, { readonly: true })
  try {
    return db.prepare<[], string>("SELECT type || ' ' || name || ' ' || tbl_name FROM sqlite_schema ORDER BY 1").pluck().all()
  } finally {
    db.close()
  }
}
