import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { keyProblem, kvEvents } from "../../src/events/kv.ts"
import { normalObjectPath, objectPathProblem } from "../../src/events/object.ts"

const [kvSet] = kvEvents
const accepts = (data: unknown): boolean => {
  try {
    Schema.validateSync(kvSet.schema, { onExcessProperty: "error" })(data as never)
    return true
  } catch {
    return false
  }
}

const good = { site: "a", key: "k", value: 1, size: 1 }
const hash = "a".repeat(64)

describe("v1.KvSet", () => {
  it.each([
    [good, true],
    [{ ...good, value: null }, true],
    [{ ...good, value: { a: [undefined] } }, true],
    [{ site: "a", key: "k", blob: hash, size: 300_000 }, true],
    [{ ...good, expires: 1 }, true],
    [{ ...good, expires: 0 }, false],
    [{ ...good, expires: 1.5 }, false],
    [{ ...good, expires: 8.64e15 }, true],
    [{ ...good, expires: 8.64e15 + 1 }, false],
    [{ ...good, expires: null }, false],
    [{ ...good, size: -1 }, false],
    [{ ...good, size: "1" }, false],
    [{ ...good, blob: "x" }, false],
    [{ ...good, site: "A" }, false],
    [{ ...good, key: "" }, false],
    [{ ...good, key: "\u0001" }, false],
    [{ ...good, more: 1 }, false],
    [{ site: "a", key: "k", value: 1 }, false],
    [null, false],
    ["text", false],
  ])("%j: its plain check says what its schema says, %s", (data, expected) => {
    expect([kvSet.isValid!(data), accepts(data)]).toEqual([expected, expected])
  })
})

describe("keys", () => {
  it.each([
    ["a", undefined],
    ["a/b c%_ü😀", undefined],
    ["x".repeat(512), undefined],
    ["", "it is empty"],
    ["x".repeat(513), "it is longer than 512 bytes"],
    ["é".repeat(257), "it is longer than 512 bytes"],
    ["a\u0000", "it has a control character in it"],
    ["a\u009f", "it has a control character in it"],
    ["\udc00", "it is not well-formed Unicode"],
  ])("%j: %s", (key, problem) => {
    expect(keyProblem(key)).toBe(problem)
  })
})

describe("paths of objects", () => {
  it.each([
    ["/a//b///c", "a/b/c", undefined],
    ["a/", "a/", undefined],
    ["..a/b..", "..a/b..", undefined],
    ["//", "", "it is empty"],
    ["a/./b", "a/./b", "it has a part that is . or .."],
    ["..", "..", "it has a part that is . or .."],
    ["a/..", "a/..", "it has a part that is . or .."],
  ])("%s is %s: %s", (given, normal, problem) => {
    expect([normalObjectPath(given), objectPathProblem(normalObjectPath(given))]).toEqual([normal, problem])
  })
})
