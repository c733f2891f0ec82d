import { randomBytes, randomInt, type ScryptOptions, scrypt } from "node:crypto"
import { promisify } from "node:util"

/** OWASP's first choice of scrypt parameters: 128 MiB, about a third of a second. */
const cost = { N: 2 ** 17, r: 8, p: 1 }

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** A password's hash with everything that is needed to check it: `scrypt$N$r$p$salt$hash`, the last two in base64url. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(16)
  const key = await derive(password.normalize("NFC"), salt, 32, { ...cost, maxmem: 256 * 1024 * 1024 })
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64url"), key.toString("base64url")].join("$")
}

/** A password that nobody has to invent: 118 bits, without characters that are read wrongly. */
export const newPassword = (): string => {
  const alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
  return Array.from({ length: 24 }, () => alphabet[randomInt(alphabet.length)])
    .join("")
    .replace(/(.{6})(?=.)/g, "$1-")
}
