import { createHash, randomBytes, timingSafeEqual } from "node:crypto"

/** Crockford's base32: five bits a character, and none that is read as another. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

/** Ten codes of 50 bits, such as `7kq2m-x9f0d`, each for one login without the second factor's device. */
export const newRecoveryCodes = (): ReadonlyArray<string> =>
  Array.from({ length: 10 }, () => {
    const characters = Array.from(randomBytes(10), (byte) => alphabet[byte % 32])
    return `${characters.slice(0, 5).join("")}-${characters.slice(5).join("")}`
  })

/**
 * What is kept of a code: its SHA-256 in hex. No slow hash is needed. Guessing at the login is hopeless against 50 random bits; and who
 * gets at the hashes has opened the vault, where the TOTP secret that they stand in for lies beside them and can be used at once.
 */
export const hashRecoveryCode = (code: string): string => digest(code).toString("hex")

/**
 * Which of the hashes, from 0, is that of this code; nothing if none is. Case, spaces and hyphens do not matter, and `o`, `i`, `l` are
 * read as the digits that they look like. It takes the same time whichever it is. The caller knows which were used.
 */
export const recoveryCodeIndex = (hashes: ReadonlyArray<string>, code: string): number | undefined => {
  const given = digest(code)
  let found: number | undefined
  for (const [i, hash] of hashes.entries()) if (timingSafeEqual(Buffer.from(hash, "hex"), given)) found = i
  return found
}

const digest = (code: string): Buffer => createHash("sha256").update(plain(code)).digest()

const plain = (code: string): string => code.toLowerCase().replaceAll(/[\s-]/g, "").replaceAll("o", "0").replaceAll(/[il]/g, "1")
