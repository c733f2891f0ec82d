import Database from "better-sqlite3"
import { describe, expect, it } from "vitest"
import { existingVaultKey, vault, vaultKey, vaultReader } from "../../src/events/vault.ts"

const fresh = () =>
  new Database(":memory:").exec(
    "CREATE TABLE vault (ref TEXT PRIMARY KEY, sealed BLOB NOT NULL); CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
  )

describe("the vault", () => {
  for (const master of [undefined, "a master key"]) {
    it(`gives back what was put, with ${master === undefined ? "a key in the file" : "a master key"}`, () => {
      const db = fresh()
      vault(db, vaultKey(db, master)).put("a", "sécret")
      expect(vault(db, vaultKey(db, master)).get("a")).toBe("sécret")
      expect(JSON.stringify(db.prepare("SELECT * FROM vault").all())).not.toContain("cret")
    })
  }

  it("keeps a master key out of the file", () => {
    const db = fresh()
    vault(db, vaultKey(db, "master")).put("a", "x")
    expect(db.prepare("SELECT count(*) FROM meta").pluck().get()).toBe(0)
  })

  it("does not open with another key", () => {
    const db = fresh()
    vault(db, vaultKey(db, "right")).put("a", "x")
    expect(() => vault(db, vaultKey(db, "wrong")).get("a")).toThrow()
  })

  it("notices rows that changed places and bytes that changed", () => {
    const db = fresh()
    const secrets = vault(db, vaultKey(db, undefined))
    secrets.put("a", "1")
    secrets.put("b", "2")
    db.exec("UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE ref = 'b') WHERE ref = 'a'")
    expect(() => secrets.get("a")).toThrow()
  })

  it("is opened for reading by whoever has its key, and makes none for them", () => {
    const db = fresh()
    expect(() => existingVaultKey(db, undefined)).toThrow("no vault key")
    vault(db, vaultKey(db, undefined)).put("a", "x")
    db.pragma("query_only = ON")
    expect(vaultReader(db, existingVaultKey(db, undefined)).get("a")).toBe("x")
    expect(existingVaultKey(db, "master")).toEqual(vaultKey(db, "master"))
  })

  it("forgets a shredded secret for ever", () => {
    const db = fresh()
    const secrets = vault(db, vaultKey(db, undefined))
    secrets.put("a", "1")
    secrets.shred("a")
    expect(secrets.get("a")).toBeUndefined()
    expect(secrets.get("never")).toBeUndefined()
  })
})
