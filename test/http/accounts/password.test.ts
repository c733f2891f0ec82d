import { randomBytes, scryptSync } from "node:crypto"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { hashSync } from "bcryptjs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { LoginsBusy } from "../../../src/http/accounts/gate.ts"
import {
  hashPassword,
  isPasswordHash,
  newPassword,
  passwordCost,
  verifyAgainstNobody,
  verifyPassword,
} from "../../../src/http/accounts/password.ts"

const costBefore = { ...passwordCost }
beforeAll(() => void Object.assign(passwordCost, { memory: 65_536, passes: 3 }))
afterAll(() => void Object.assign(passwordCost, costBefore))

const scryptHash = (password: string, N: number, r = 8, p = 1): string => {
  const salt = randomBytes(16)
  const hash = scryptSync(password.normalize("NFC"), salt, 32, { N, r, p, maxmem: 512 * 1024 * 1024 })
  return ["scrypt", N, r, p, salt.toString("base64url"), hash.toString("base64url")].join("$")
}

/** Of the reference implementation of Argon2 (`src/test.c`). */
const argon2Vectors: ReadonlyArray<readonly [password: string, hash: string]> = [
  ["password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
  ["password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"],
  ["password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"],
  ["differentpassword", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94"],
]

/** Of Go's golang.org/x/crypto/bcrypt and of Openwall's crypt_blowfish. */
const bcryptVectors: ReadonlyArray<readonly [password: string, hash: string]> = [
  ["allmine", "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga"],
  ["U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ["U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"],
  ["U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"],
  [
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
    "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
  ],
]

describe("a password's hash", () => {
  it("is Argon2id with 64 MiB and three passes, with another salt each time", async () => {
    const [one, other] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(one).not.toBe(other)
    expect(await verifyPassword(one!, "correct horse")).toEqual({ ok: true, outdated: false })
    expect(await verifyPassword(one!, "correct horsf")).toEqual({ ok: false, outdated: false })
  })

  it("is that of the same text, however its letters are composed", async () => {
    const composed = "pass\u00e9-\u00fcber"
    const decomposed = "passe\u0301-u\u0308ber"
    expect((await verifyPassword(await hashPassword(decomposed), composed)).ok).toBe(true)
    expect((await verifyPassword(await hashPassword(composed), decomposed)).ok).toBe(true)
    expect((await verifyPassword(scryptHash(composed, 1024), decomposed)).ok).toBe(true)
  })

  it("takes in all of a long password", async () => {
    const long = "x".repeat(1024)
    const hash = await hashPassword(long)
    expect((await verifyPassword(hash, long)).ok).toBe(true)
    expect((await verifyPassword(hash, `${long.slice(1)}y`)).ok).toBe(false)
  })

  it.each(argon2Vectors)("of %j, made elsewhere by Argon2id with another cost, is accepted and outdated: %s", async (password, hash) => {
    expect(await verifyPassword(hash, password)).toEqual({ ok: true, outdated: true })
    expect((await verifyPassword(hash, `${password} `)).ok).toBe(false)
  })

  it.each([[1024], [2 ** 17]])("that scrypt made with N = %d is accepted and outdated", async (N) => {
    const hash = scryptHash("correct horse", N)
    expect(await verifyPassword(hash, "correct horse")).toEqual({ ok: true, outdated: true })
    expect((await verifyPassword(hash, "Correct horse")).ok).toBe(false)
  })

  it.each(bcryptVectors)("that bcrypt made of %j is accepted and outdated: %s", async (password, hash) => {
    expect(await verifyPassword(hash, password)).toEqual({ ok: true, outdated: true })
    expect((await verifyPassword(hash, `x${password}`)).ok).toBe(false)
  })

  it("that the Go server made, $2a$ with cost 12, is checked without holding up the event loop", async () => {
    const hash = hashSync("correct horse", 12)
    const delay = monitorEventLoopDelay({ resolution: 5 })
    for (const prefix of ["$2a$", "$2b$", "$2y$"]) {
      const stored = `${prefix}${hash.slice(4)}`
      if (prefix === "$2b$") delay.enable()
      expect(await verifyPassword(stored, "correct horse")).toEqual({ ok: true, outdated: true })
      delay.disable()
    }
    expect(delay.count).toBeGreaterThan(0)
    expect(delay.max / 1e6).toBeLessThan(400)
  })

  it.each([
    [""],
    ["correct horse"],
    ["$argon2id$v=16$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["$argon2i$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["$argon2id$v=19$m=262145,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["$argon2id$v=19$m=65536,t=17,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["$argon2id$v=19$m=8,t=3,p=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["$argon2id$v=19$m=65536,t=3,p=1$c29tZQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1a"],
    ["scrypt$131071$8$1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["scrypt$1048576$16$1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"],
    ["$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
    ["$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
    ["$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe"],
  ])("is not %j", async (stored) => {
    expect(isPasswordHash(stored)).toBe(false)
    await expect(verifyPassword(stored, "correct horse")).rejects.toThrow("none of the known forms")
  })

  it.each([...argon2Vectors, ...bcryptVectors])("of %j is known for one: %s", (_, hash) => {
    expect(isPasswordHash(hash)).toBe(true)
  })

  it("takes as long for nobody as for somebody", async () => {
    const hash = await hashPassword("correct horse")
    const timed = async (task: () => Promise<unknown>): Promise<number> => {
      const begun = performance.now()
      await task()
      return performance.now() - begun
    }
    const somebody: Array<number> = []
    const nobody: Array<number> = []
    for (let i = 0; i < 4; i++) {
      nobody.push(await timed(async () => expect((await verifyAgainstNobody("correct horsf")).ok).toBe(false)))
      somebody.push(await timed(() => verifyPassword(hash, "correct horsf")))
    }
    const ratio = Math.min(...nobody) / Math.min(...somebody)
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(2)
  })

  it("is computed for two at once and a hundred who wait, with a line for those who are known, and for nobody else", async () => {
    const cheap = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
    const attempts = Array.from({ length: 300 }, () => verifyPassword(cheap, "password").then(({ ok }) => ok))
    const known = verifyPassword(cheap, "password", "first")
    const ends = await Promise.allSettled(attempts)
    expect(ends.filter((end) => end.status === "fulfilled" && end.value)).toHaveLength(102)
    for (const end of ends) if (end.status === "rejected") expect(end.reason).toBeInstanceOf(LoginsBusy)
    expect((await known).ok).toBe(true)
    expect((await verifyPassword(cheap, "password")).ok).toBe(true)
  })
})

describe("a new password", () => {
  it("has four groups of six and is another each time", () => {
    const made = new Set(Array.from({ length: 100 }, newPassword))
    expect(made.size).toBe(100)
    for (const password of made) expect(password).toMatch(/^([2-9a-hjkmnp-z]{6}-){3}[2-9a-hjkmnp-z]{6}$/)
  })
})
