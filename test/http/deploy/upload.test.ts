import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { removeOldUploads } from "../../../src/http/deploy/upload.ts"
import { temporaryFolder } from "../../support/cartridge.ts"

it("what uploads left behind in a crash is removed after a day, and nothing else", async () => {
  const folder = temporaryFolder()
  try {
    const longAgo = new Date(Date.now() - 25 * 3600 * 1000)
    for (const name of ["fazt-upload-aaaaaa", "fazt-upload-bbbbbb", "something-else"]) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, "site.zip"), "half a zip")
    }
    symlinkSync(join(folder, "something-else"), join(folder, "fazt-upload-cccccc"))
    writeFileSync(join(folder, "fazt-upload-dddddd"), "a file")
    for (const name of ["fazt-upload-aaaaaa", "something-else", "fazt-upload-dddddd"]) utimesSync(join(folder, name), longAgo, longAgo)
    await removeOldUploads(folder)
    expect(readdirSync(folder).sort()).toEqual(["fazt-upload-bbbbbb", "fazt-upload-cccccc", "fazt-upload-dddddd", "something-else"])
    expect(readdirSync(join(folder, "something-else"))).toEqual(["site.zip"])
    await expect(removeOldUploads(join(folder, "nowhere"))).rejects.toThrow("ENOENT")
  } finally {
    rmSync(folder, { recursive: true })
  }
})
