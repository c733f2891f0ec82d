import { describe, expect, it } from "vitest"
import { type Dotenv, parseDotenv } from "../../../src/cli/env/dotenv.ts"

const good: ReadonlyArray<readonly [what: string, text: string, values: Readonly<Record<string, string>>]> = [
  ["nothing", "", {}],
  ["a variable", "A=1", { A: "1" }],
  ["several, with empty lines and comments between", "\n# first\nA=1\n\n  # second\nB=2\n", { A: "1", B: "2" }],
  ["what a shell would export", "export A=1\nexport\tB=2", { A: "1", B: "2" }],
  ["spaces around names and values", "  A = some words  \n", { A: "some words" }],
  ["an empty value", "A=\nB=''\nC=\"\"\nD=   # nothing", { A: "", B: "", C: "", D: "" }],
  ["a comment behind a value, but not within", "A=x # why\nB=x#y", { A: "x", B: "x#y" }],
  ["what looks like a comment, in quotes", "A=\"x # y\" # why\nB='#'", { A: "x # y", B: "#" }],
  ["equals signs and other quotes in a value", `A=a=b==\nB="it's"\nC='say "hi"'`, { A: "a=b==", B: "it's", C: 'say "hi"' }],
  [
    "escapes in double quotes only",
    `A="a\\nb\\t\\"c\\" \\\\n \\$x"\nB='a\\nb'\nC=a\\nb`,
    { A: 'a\nb\t"c" \\n \\$x', B: "a\\nb", C: "a\\nb" },
  ],
  ["a key of several lines", 'KEY="-----BEGIN-----\nabc=\n-----END-----"\nB=1', { KEY: "-----BEGIN-----\nabc=\n-----END-----", B: "1" }],
  ["back quotes", 'A=`it\'s "quoted"`', { A: `it's "quoted"` }],
  ["nothing is expanded", "A=1\nB=$A\nC=$(A)", { A: "1", B: "$A", C: "$(A)" }],
  ["the last of a name", "A=1\nA=2", { A: "2" }],
  ["Windows' line ends, and a byte order mark", '\ufeffA=1\r\nB="x\r\ny"\r\n', { A: "1", B: "x\ny" }],
]

const bad: ReadonlyArray<readonly [text: string, line: number]> = [
  ["A=1\nnonsense", 2],
  ["A=1\n=2", 2],
  ["1A=2", 1],
  ["\n\nA-B C=2", 3],
  ['A="s3cret\n\nB=2', 1],
  ["A='s3cret' trailing", 1],
  ['A=1\nB="s3cret\\"\n', 2],
]

describe("a .env file", () => {
  it.each(good)("gives %s", (_what, text, values) => {
    expect(parseDotenv(text)).toEqual({ values } satisfies Dotenv)
  })

  it.each(bad)("that cannot be understood is refused with the line, and without what may be a secret: %j", (text, line) => {
    const parsed = parseDotenv(text)
    expect(parsed).toMatchObject({ problem: { line } })
    expect(JSON.stringify(parsed)).not.toMatch(/s3cret|nonsense/)
  })
})
