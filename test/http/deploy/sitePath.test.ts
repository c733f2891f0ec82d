import { describe, expect, it } from "vitest"
import { checkSitePath } from "../../../src/http/deploy/sitePath.ts"

const refused: ReadonlyArray<[what: string, path: string]> = [
  ["an empty path", ""],
  ["an absolute path", "/index.html"],
  ["a path with a drive letter", "c:/index.html"],
  ["a drive letter without a slash", "C:index.html"],
  ["a parent segment", "a/../b"],
  ["a path that is only a parent segment", ".."],
  ["a segment for the folder itself", "./a"],
  ["an empty segment", "a//b"],
  ["a trailing slash", "a/"],
  ["a backslash", "a\\b"],
  ["a NUL", "a\0.html"],
  ["a newline", "a\nb"],
  ["a delete character", "a\u007f"],
  ["a C1 control character", "a\u0085b"],
  ["a lone surrogate", "a\ud800b"],
  ["a segment ending in a dot", "a./b"],
  ["a segment of three dots", "a/.../b"],
  ["a segment ending in a space", "a /b"],
  ["a device name", "docs/con"],
  ["a device name in capitals with an extension", "NUL.tar.gz"],
  ["a device name with spaces before its extension", "aux .txt"],
  ["a numbered device", "lpt9.txt"],
  ["a numbered device with a superscript digit", "com².txt"],
  ["a device name with a stream", "prn:x"],
  ["a segment over 255 bytes", "é".repeat(128)],
  ["a path over 1,024 bytes", Array.from({ length: 5 }, () => "a".repeat(250)).join("/")],
  ["a path of megabytes of combining marks", `a${"\u0315\u0300".repeat(1_000_000)}`],
]

const accepted: ReadonlyArray<[what: string, path: string]> = [
  ["a plain name", "index.html"],
  ["hidden files and folders", ".well-known/security.txt"],
  ["names that only begin like devices", "console/auxiliary/com10/nullable.js"],
  ["spaces and dots inside a name", "a b/..c..d"],
  ["names in other scripts", "日本語/ελληνικά/emoji-👩‍🚀.html"],
  ["a segment of exactly 255 bytes", "a".repeat(255)],
  ["a path of exactly 1,024 bytes", `${"a/".repeat(500)}${"b".repeat(24)}`],
  ["punctuation that is fine on Linux", 'x/a:b/what?*|<>".html'],
]

describe("the path of a file in a site", () => {
  it.each(refused)("is refused for %s, with a reason", (_what, path) => {
    expect(checkSitePath(path)).toEqual({ ok: false, reason: expect.stringMatching(/^(the|a segment of the) path /) })
  })

  it.each(accepted)("may have %s", (_what, path) => {
    expect(checkSitePath(path)).toEqual({ ok: true, path })
  })

  it("is normalised to NFC", () => {
    expect(checkSitePath("cafe\u0301/menu.html")).toEqual({ ok: true, path: "caf\u00e9/menu.html" })
  })

  it("is measured after it is normalised", () => {
    const composed = "한".repeat(85)
    expect(checkSitePath(composed.normalize("NFD"))).toEqual({ ok: true, path: composed })
  })

  it("keeps its case, since twins that differ only in case are two files", () => {
    expect(checkSitePath("README.md")).toEqual({ ok: true, path: "README.md" })
    expect(checkSitePath("readme.md")).toEqual({ ok: true, path: "readme.md" })
  })
})
