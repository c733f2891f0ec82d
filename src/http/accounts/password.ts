import { argon2, randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"
import { Worker } from "node:worker_threads"
import { threadUrl } from "../../resources.ts"
import { threadOnDemand } from "../../threads.ts"
import type { BcryptCalls } from "./bcryptThread.ts"
import { gate, type Line } from "./gate.ts"

/**
 * What passwords are hashed with: Argon2id (RFC 9106) with 64 MiB, some 0.3 s of one processor. `memory` is in KiB. No setting, since a hash
 * that is cheap to make is cheap to guess; the tests lower it, which log in hundreds of times.
 */
export const passwordCost = { memory: 65_536, passes: 3, parallelism: 1 }
const saltBytes = 16
const tagBytes = 32

/**
 * All hashing goes through here: each takes at least 64 MiB, and one of the four threads of Node's pool, which files need too. Who
 * would have to wait for more than a hundred others is refused with `LoginsBusy`.
 */
const hashing = gate({ atOnce: 2, waiting: 100 })

/**
 * The hash of a password (as NFC, in UTF-8) with everything that is needed to check it, as a PHC string:
 * `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, the last two in base64 without padding. Rejects with `LoginsBusy`.
 */
export const hashPassword = (password: string, line?: Line): Promise<string> =>
  hashing.run(async () => {
    const salt = randomBytes(saltBytes)
    return phc(salt, await deriveArgon2id(password, { ...passwordCost, salt, tagBytes }))
  }, line)

/** Whether a password is the one, and whether its hash should be replaced by one of today's algorithm and cost. */
export interface Verdict {
  readonly ok: boolean
  readonly outdated: boolean
}

/**
 * Checks a password against a hash of any form that is known. Rejects with `LoginsBusy`; a hash that cannot be read is a defect.
 *
 * A hash of an older form takes another time than one of today. Until its user has logged in once and it is replaced, that time
 * tells a stranger that there is such a user.
 */
export const verifyPassword = async (stored: string, password: string, line?: Line): Promise<Verdict> => {
  const hash = readHash(stored)
  if (hash === undefined) throw new Error("A stored password hash has none of the known forms.")
  return { ok: await hashing.run(() => hash.matches(password), line), outdated: hash.outdated }
}

/** Takes the time of `verifyPassword`, for a user name that nobody has. */
export const verifyAgainstNobody = async (password: string, line?: Line): Promise<Verdict> => {
  // A hash that was made of no password.
  await verifyPassword(phc(randomBytes(saltBytes), randomBytes(tagBytes)), password, line)
  return { ok: false, outdated: false }
}

/** Whether `verifyPassword` can read a hash: to be asked before one is taken over from elsewhere. */
export const isPasswordHash = (stored: string): boolean => readHash(stored) !== undefined

/** A password that nobody has to invent: 118 bits, without characters that are read wrongly. */
export const newPassword = (): string => {
  const alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
  return Array.from({ length: 24 }, () => alphabet[randomInt(alphabet.length)])
    .join("")
    .replace(/(.{6})(?=.)/g, "$1-")
}

interface ReadHash {
  readonly outdated: boolean
  readonly matches: (password: string) => Promise<boolean>
}

const readHash = (stored: string): ReadHash | undefined => readArgon2id(stored) ?? readScrypt(stored) ?? readBcrypt(stored)

interface Argon2idParameters {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tagBytes: number
}

const argon2Async = promisify(argon2)

const deriveArgon2id = (password: string, { salt, tagBytes: tagLength, ...rest }: Argon2idParameters): Promise<Buffer> =>
  argon2Async("argon2id", { ...rest, message: utf8(password), nonce: salt, tagLength })

const phc = (salt: Buffer, tag: Buffer): string =>
  `$argon2id$v=19$m=${passwordCost.memory},t=${passwordCost.passes},p=${passwordCost.parallelism}$${unpadded(salt)}$${unpadded(tag)}`

const argon2idForm = /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** Bounded, since what is stored decides how much memory and time a login takes: at most 256 MiB and 16 passes. */
const readArgon2id = (stored: string): ReadHash | undefined => {
  const found = argon2idForm.exec(stored)
  if (found === null) return undefined
  const [memory, passes, parallelism] = [Number(found[1]), Number(found[2]), Number(found[3])]
  if (passes < 1 || passes > 16 || parallelism < 1 || parallelism > 16 || memory < 8 * parallelism || memory > 262_144) return undefined
  const salt = Buffer.from(found[4]!, "base64")
  const tag = Buffer.from(found[5]!, "base64")
  const outdated =
    memory !== passwordCost.memory ||
    passes !== passwordCost.passes ||
    parallelism !== passwordCost.parallelism ||
    salt.length < saltBytes ||
    tag.length !== tagBytes
  const parameters = { memory, passes, parallelism, salt, tagBytes: tag.length }
  return { outdated, matches: async (password) => timingSafeEqual(await deriveArgon2id(password, parameters), tag) }
}

const deriveScrypt = promisify<Buffer, Buffer, number, ScryptOptions, Buffer>(scrypt)

const scryptForm = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{11,86})\$([\w-]{22,86})$/

/** `scrypt$N$r$p$salt$hash`, the last two in base64url: at most 256 MiB. */
const readScrypt = (stored: string): ReadHash | undefined => {
  const found = scryptForm.exec(stored)
  if (found === null) return undefined
  const [N, r, p] = [Number(found[1]), Number(found[2]), Number(found[3])]
  const bytes = 128 * N * r
  if (N < 2 || !Number.isInteger(Math.log2(N)) || r < 1 || p < 1 || p > 16 || bytes > 256 * 1024 * 1024) return undefined
  const salt = Buffer.from(found[4]!, "base64url")
  const tag = Buffer.from(found[5]!, "base64url")
  const options = { N, r, p, maxmem: bytes + 128 * r * p + 1024 * 1024 }
  return {
    outdated: true,
    matches: async (password) => timingSafeEqual(await deriveScrypt(utf8(password), salt, tag.length, options), tag),
  }
}

const bcryptForm = /^\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$/

/** What the Go server wrote, of the password's bytes as they were typed. It is computed by JavaScript, so in a thread of its own. */
const readBcrypt = (stored: string): ReadHash | undefined =>
  bcryptForm.test(stored) ? { outdated: true, matches: (password) => bcrypt.calls.matches(password, stored) } : undefined

const bcrypt = threadOnDemand<BcryptCalls>(() => new Worker(threadUrl("http/accounts/bcryptThread"), { name: "fazt-bcrypt" }))

/** The same text is typed as different code points by different keyboards. */
const utf8 = (password: string): Buffer => Buffer.from(password.normalize("NFC"), "utf8")

const unpadded = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "")
