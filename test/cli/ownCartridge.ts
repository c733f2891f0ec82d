import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { temporaryFolder } from "../support/cartridge.ts"
import { runVerb } from "./runVerb.ts"

/** A cartridge that no server has open, for the tests around: its folder and its file. */
export const ownCartridge = (): { readonly folder: string; readonly db: string } => {
  const folder = temporaryFolder()
  const db = join(folder, "data.db")
  beforeAll(async () => {
    expect((await runVerb(["server", "init", "--db", db])).code).toBe(0)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return { folder, db }
}
