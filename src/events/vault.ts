import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import type { Sqlite } from "./cartridge.ts"
import { sha256 } from "./chain.ts"

const algorithm = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16

/**
 * The key that seals the vault: derived from the owner's master key when there is one, else a random one that lives in the
 * cartridge itself (which then protects against nothing but a reader of events).
 */
export const vaultKey = (db: Sqlite, masterKey: string | undefined): Buffer => {
  if (masterKey === undefined) {
    db.prepare("INSERT INTO meta (key, value) VALUES ('vault_key', ?) ON CONFLICT DO NOTHING").run(randomBytes(32).toString("hex"))
  }
  return existingVaultKey(db, masterKey)
}

/** The same over a read-only connection, to a cartridge that a writer has opened before: no key is made. */
export const existingVaultKey = (db: Sqlite, masterKey: string | undefined): Buffer => {
  if (masterKey !== undefined) return sha256(`fazt vault\n${masterKey}`)
  const key = db.prepare<[], string>("SELECT value FROM meta WHERE key = 'vault_key'").pluck().get()
  if (key === undefined) throw new Error("The cartridge has no vault key yet.")
  return Buffer.from(key, "hex")
}

/** Opens sealed secrets over any connection. */
export const vaultReader = (db: Sqlite, key: Buffer) => {
  const select = db.prepare<[string], Buffer>("SELECT sealed FROM vault WHERE ref = ?").pluck()
  return {
    /** The secret, or nothing if it was never put or has been shredded. Throws if the key is not the one that sealed it. */
    get: (ref: string): string | undefined => {
      const sealed = select.get(ref)
      if (sealed === undefined) return undefined
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes))
        .setAAD(Buffer.from(ref))
        .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]).toString("utf8")
    },
  }
}

/** Sealed secrets, named by `ref`. The ref is authenticated with the value, so that rows cannot be swapped. */
export const vault = (db: Sqlite, key: Buffer) => {
  const insert = db.prepare("INSERT INTO vault (ref, sealed) VALUES (?, ?) ON CONFLICT (ref) DO UPDATE SET sealed = excluded.sealed")
  const remove = db.prepare("DELETE FROM vault WHERE ref = ?")

  return {
    ...vaultReader(db, key),
    put: (ref: string, secret: string): void => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(ref))
      const body = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()])
      insert.run(ref, Buffer.concat([nonce, cipher.getAuthTag(), body]))
    },
    /** Erases the secret from the present and, since events only name it, from all of history. */
    shred: (ref: string): void => {
      remove.run(ref)
    },
  }
}

export type Vault = ReturnType<typeof vault>
