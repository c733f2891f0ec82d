import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { newPassword } from "../../../src/http/accounts/password.ts"
import { passwordProblem } from "../../../src/http/accounts/passwordRules.ts"
import { commonPasswordsFile } from "../../../src/resources.ts"

const context = ["Alice.Miller@example.org", "fazt.example.com"]

const problem = (password: string): string | undefined => passwordProblem(password, context)

const short = /at least 8 characters/
const long = /at most 1024 bytes/
const repeats = /only repeats/
const first = /guessed first/
const near = /user name or the domain/

const refused: ReadonlyArray<readonly [password: string, why: RegExp]> = [
  ["", short],
  ["kX9!vq2", short],
  // Seven characters of two code units each, and seven of two code points that become one.
  ["🦊🐻🐼🐨🐯🦁🐮", short],
  ["e\u0301".repeat(7), short],
  ["x1".repeat(513), long],
  [`é${"abcdefghij".repeat(102)}xyz`, long],
  ["aaaaaaaa", repeats],
  ["🦊".repeat(8), repeats],
  ["ABCabcabc", repeats],
  ["20242024", repeats],
  ["password", first],
  ["PassWord", first],
  ["ｐａｓｓｗｏｒｄ", first],
  ["password1", first],
  ["Password!", first],
  ["Password2024!", first],
  ["Sunshine-1999", first],
  ["1qaz2wsx", first],
  ["12345678", first],
  ["trustno1", first],
  ["alice.miller@example.org", near],
  ["ALICE.MILLER@EXAMPLE.ORG", near],
  ["Alice.Miller@example.org1", near],
  ["fazt.example.com", near],
  ["fazt.example.com2026!", near],
  ["Example2026!", near],
  ["alice123456", near],
]

const accepted: ReadonlyArray<string> = [
  "kX9!vq2#",
  "🦊🐻🐼🐨🐯🦁🐮🐷",
  "correct horse battery staple",
  "sunshine in the valley",
  // More behind a common word than is tried first.
  "password 83920174",
  "xpassword",
  "alice in wonderland",
  "x".repeat(63).concat("y"),
  "пароль от сервера",
  "ab".repeat(511).concat("c"),
]

describe("the rules for passwords", () => {
  it.each(refused)("refuse %j", (password, why) => {
    expect(problem(password)).toMatch(why)
  })

  it.each(accepted)("accept %j", (password) => {
    expect(problem(password)).toBeUndefined()
  })

  it("do not take an empty context for a guess", () => {
    expect(passwordProblem("kX9!vq2#", ["", "-", "@"])).toBeUndefined()
    expect(passwordProblem("12#45!78", [""])).toBeUndefined()
  })

  it("accept what is made here", () => {
    for (let i = 0; i < 100; i++) expect(problem(newPassword())).toBeUndefined()
  })

  it("refuse every line of the list, in any case and with a few digits or signs behind it", () => {
    const lines = readFileSync(commonPasswordsFile, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
    expect(lines).toHaveLength(10_000)
    expect(new Set(lines).size).toBe(10_000)
    const tail = fc.array(fc.constantFrom(..."0123456789!?.-_$"), { maxLength: 6 }).map((characters) => characters.join(""))
    fc.assert(
      fc.property(fc.constantFrom(...lines), fc.boolean(), tail, (line, upper, behind) => {
        expect(problem((upper ? line.toUpperCase() : line) + behind)).toMatch(/Choose another one/)
      }),
      { numRuns: 2000 },
    )
  })

  it("answer for any text at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 1100 }), (password) => {
        const answer = problem(password)
        expect(answer === undefined || answer.length > 10).toBe(true)
      }),
    )
  })
})
