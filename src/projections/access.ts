import type { Scope } from "../events/access.ts"
import type { Sqlite } from "../events/cartridge.ts"
import type { Recorded } from "../events/event.ts"
import type { Projection } from "./projection.ts"

export interface KeyRow {
  readonly key: string
  readonly name: string
  readonly scopes: ReadonlyArray<Scope>
  readonly secretHash: string
  readonly created_at: number
  readonly revoked_at: number | null
}

/** Who may use this server: its owner and the API keys. */
export const accessProjection: Projection = {
  name: "access",
  version: 1,
  tables: ["owner", "keys"],
  createTables: (table) => `
    CREATE TABLE ${table("owner")} (
      username TEXT PRIMARY KEY,
      password TEXT NOT NULL
    ) STRICT;
    CREATE TABLE ${table("keys")} (
      key         TEXT PRIMARY KEY,
      name        TEXT NOT NULL,
      scopes      TEXT NOT NULL,
      secret_hash TEXT NOT NULL,
      created_at  INTEGER NOT NULL,
      revoked_at  INTEGER
    ) STRICT`,
  createIndexes: "",
  prepare: (db, table) => {
    const enroll = db.prepare(`INSERT INTO ${table("owner")} VALUES (?, ?)`)
    const issue = db.prepare(`INSERT INTO ${table("keys")} VALUES (?, ?, ?, ?, ?, NULL)`)
    const revoke = db.prepare(`UPDATE ${table("keys")} SET revoked_at = ? WHERE key = ?`)
    const apply = (event: Recorded): void => {
      switch (event.type) {
        case "v1.OwnerEnrolled":
          enroll.run(event.data.username, event.data.password)
          break
        case "v1.KeyCreated": {
          const { key, name, scopes, secretHash } = event.data
          issue.run(key, name, JSON.stringify(scopes), secretHash, event.at)
          break
        }
        case "v1.KeyRevoked":
          revoke.run(event.at, event.data.key)
          break
      }
    }
    return { apply }
  },
}

type StoredKey = Omit<KeyRow, "scopes" | "secretHash"> & { readonly scopes: string; readonly secret_hash: string }

const toKeyRow = ({ scopes, secret_hash, ...row }: StoredKey): KeyRow => ({ ...row, scopes: JSON.parse(scopes), secretHash: secret_hash })

export const accessQueries = (db: Sqlite) => {
  const owner = db.prepare<[], { username: string; password: string }>("SELECT username, password FROM owner")
  const one = db.prepare<[string], StoredKey>("SELECT * FROM keys WHERE key = ?")
  const all = db.prepare<[], StoredKey>("SELECT * FROM keys ORDER BY created_at, key")
  return {
    owner: () => owner.get(),
    key: (key: string): KeyRow | undefined => {
      const row = one.get(key)
      return row === undefined ? undefined : toKeyRow(row)
    },
    keys: (): ReadonlyArray<KeyRow> => all.all().map(toKeyRow),
  }
}
