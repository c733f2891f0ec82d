import { beforeAll, expect, it } from "vitest"
import { type Engine, makeEngine } from "../../src/runtime/blank.ts"
import { sandboxShelf } from "../../src/runtime/sandboxShelf.ts"

let engine: Engine

beforeAll(() => {
  engine = makeEngine()
})

it("a sandbox is used again", () => {
  const shelf = sandboxShelf(engine, () => 1024 * 1024)
  const sandbox = shelf.takeBlank()
  expect(shelf.takeBlank()).not.toBe(sandbox)
  shelf.giveBack(sandbox)
  expect(shelf.takeBlank()).toBe(sandbox)
})

it("a sandbox in which a run was while limits changed is not used again", () => {
  let limit = 32 * 1024 * 1024
  const shelf = sandboxShelf(engine, () => limit)
  const sandbox = shelf.takeBlank()
  limit = 1024 * 1024
  shelf.clear()
  shelf.giveBack(sandbox)
  expect(shelf.takeBlank().maxBytes).toBe(17 * 1024 * 1024)
})
