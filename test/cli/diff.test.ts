import { expect, it } from "vitest"
import { renderDiff } from "../../src/cli/diff.ts"
import { printable } from "../../src/cli/format.ts"
import { makePaint } from "../../src/cli/paint.ts"

it("a comparison names the files whose texts are not shown", () => {
  const diff = { from: "a", to: "b", added: ["a.txt", "b.png"], changed: [], removed: [], patches: [], omitted: ["b.png", "c\u001b.bin"] }
  const look = { paint: makePaint(false), columns: undefined }
  expect(renderDiff(diff, look)).toBe(`+ a.txt\n+ b.png\n\nnot compared: b.png, ${printable("c\u001b.bin")}`)
  expect(renderDiff({ ...diff, omitted: [] }, look)).toBe("+ a.txt\n+ b.png")
})
