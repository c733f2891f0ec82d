import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { isLabel, labelFrom, siteName } from "../../../src/cli/deploy/siteName.ts"

const root = mkdtempSync(join(tmpdir(), "fazt-name-"))
afterAll(() => rmSync(root, { recursive: true }))

const folder = (name: string, manifest?: string): string => {
  const path = join(root, name)
  mkdirSync(path, { recursive: true })
  if (manifest !== undefined) writeFileSync(join(path, "manifest.json"), manifest)
  return path
}

describe("the label made of a folder's name", () => {
  it.each([
    ["hello", "hello"],
    ["My Site", "my-site"],
    ["Öl & Essig_2", "ol-essig-2"],
    ["..dist..", "dist"],
    ["--a--b--", "a-b"],
    ["a".repeat(80), "a".repeat(63)],
    [`${"a".repeat(62)}-b`, "a".repeat(62)],
    ["日本", undefined],
    ["---", undefined],
    ["", undefined],
  ])("of %j is %j", (name, label) => {
    expect(labelFrom(name)).toEqual(Option.fromNullable(label))
  })

  it.each([
    ["a", true],
    ["a-1", true],
    ["a".repeat(63), true],
    ["a".repeat(64), false],
    ["-a", false],
    ["a-", false],
    ["A", false],
    ["a.b", false],
    ["", false],
  ])("%j is a label: %s", (text, expected) => {
    expect(isLabel(text)).toBe(expected)
  })
})

describe("a site's name", () => {
  it.effect("is what was asked for, before all else", () =>
    Effect.gen(function* () {
      expect(yield* siteName(folder("one", '{"name":"two"}'), Option.some("three"))).toBe("three")
    }),
  )

  it.effect("must be a label when it was asked for", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(siteName(folder("bad"), Option.some("BAD name")))
      expect(error).toMatchObject({ code: "USAGE", exitCode: 2 })
    }),
  )

  it.effect("is what the manifest says, before the folder's name", () =>
    Effect.gen(function* () {
      expect(yield* siteName(folder("a", '{"name":"from-manifest"}'), Option.none())).toBe("from-manifest")
    }),
  )

  it.effect.each(['{"name":"My App"}', '{"name":7}', "{}", "[]", "null", "not json", ""])(
    "is the folder's when the manifest holds %j",
    (manifest) =>
      Effect.gen(function* () {
        expect(yield* siteName(folder("The Folder", manifest), Option.none())).toBe("the-folder")
      }),
  )

  it.effect("has to be given when nothing says it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(siteName(folder("日本"), Option.none()))
      expect(error).toMatchObject({ code: "USAGE", hint: expect.stringContaining("--name") })
    }),
  )
})
