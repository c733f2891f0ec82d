import { hash, timingSafeEqual } from "node:crypto"

/** The SHA-256 (hex) under which the secret of a key, a session or an invitation is kept. They are random, so no slow hash is needed. */
export const secretHash = (secret: string): string => hash("sha256", secret, "hex")

/** Whether a secret is the one that was hashed, in constant time. */
export const isSecret = (secret: string, hashed: string): boolean => {
  const [a, b] = [Buffer.from(secretHash(secret)), Buffer.from(hashed)]
  return a.length === b.length && timingSafeEqual(a, b)
}
