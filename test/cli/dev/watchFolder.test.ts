import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, expect, it } from "vitest"
import { watchFolder } from "../../../src/cli/dev/watchFolder.ts"
import { tree } from "../tree.ts"

let folder: string
let changes: number
let end: () => void

beforeEach(async () => {
  folder = join(tree({ "site/a.txt": "", "site/node_modules/x/index.js": "" }), "site")
  changes = 0
  end = watchFolder(folder, () => changes++)
  await sleep(200)
})
afterEach(() => end())

/** Waits until there has been one more change, and gives how many there have been since. */
const changed = async (change: () => void): Promise<number> => {
  const before = changes
  change()
  for (let i = 0; changes === before && i < 300; i++) await sleep(10)
  await sleep(250)
  return changes - before
}

it("tells of files that change, appear and go, once for what happens together", async () => {
  expect(await changed(() => writeFileSync(join(folder, "a.txt"), "1"))).toBe(1)
  expect(await changed(() => rmSync(join(folder, "a.txt")))).toBe(1)
  const several = (): void => {
    mkdirSync(join(folder, "deep"))
    for (const name of ["b", "c", "d"]) writeFileSync(join(folder, name), "")
  }
  expect(await changed(several)).toBe(1)
  expect(await changed(() => writeFileSync(join(folder, "deep/e"), ""))).toBe(1)
})

it("goes on when the folder is replaced", async () => {
  const replaced = await changed(() => {
    renameSync(folder, `${folder}-old`)
    mkdirSync(folder)
  })
  expect(replaced).toBeGreaterThan(0)
  await sleep(600)
  expect(await changed(() => writeFileSync(join(folder, "b.txt"), ""))).toBe(1)
})

it("does not look into node_modules", async () => {
  writeFileSync(join(folder, "node_modules/x/index.js"), "1")
  await sleep(400)
  expect(changes).toBe(0)
})

it("is still when it has ended", async () => {
  end()
  writeFileSync(join(folder, "a.txt"), "1")
  await sleep(300)
  expect(changes).toBe(0)
})
