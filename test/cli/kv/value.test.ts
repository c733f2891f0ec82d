import { describe, expect, it } from "vitest"
import { textOfValue, valueOfText } from "../../../src/cli/kv/value.ts"
import { parseTime } from "../../../src/cli/lifetime.ts"

describe("a value on the command line", () => {
  it.each([
    ["7", 7],
    ['"7"', "7"],
    ["true", true],
    ["null", null],
    ['{"a":[1]}', { a: [1] }],
    ["hello", "hello"],
    ["", ""],
    ["{a:1}", "{a:1}"],
    ["01", "01"],
  ])("%s is %j", (text, value) => {
    expect(valueOfText(text)).toEqual(value)
  })

  it.each([
    ["hello\nworld", "hello\nworld"],
    [7, "7"],
    [{ a: 1 }, '{"a":1}'],
    [null, "null"],
  ])("%j is shown as %s", (value, text) => {
    expect(textOfValue(value)).toBe(text)
  })
})

describe("a time to live", () => {
  it.each([
    ["500ms", 500],
    ["90s", 90_000],
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["1w", 604_800_000],
    ["0s", undefined],
    ["10", undefined],
    ["-1s", undefined],
    ["soon", undefined],
  ])("%s is %j ms", (text, ms) => {
    expect(parseTime(text)).toBe(ms)
  })
})
