import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import { expect, it } from "vitest"
import { storeFolder } from "../../../src/http/deploy/folder.ts"
import { temporaryFolder } from "../../support/cartridge.ts"

it("a folder's files all get into the manifest, whatever their names", async () => {
  const folder = temporaryFolder()
  try {
    mkdirSync(join(folder, "a"))
    for (const path of ["__proto__", "constructor", "a/b.txt"]) writeFileSync(join(folder, path), path)
    const sink = {
      store: async (content: AsyncIterable<Uint8Array>) => {
        const bytes = await buffer(content)
        return { hash: bytes.toString(), size: bytes.length }
      },
      flush: async () => {},
    }
    const { files } = JSON.parse(JSON.stringify(await storeFolder(sink, folder)))
    expect(Object.entries(files).map(([path, file]) => [path, (file as { readonly hash: string }).hash])).toEqual([
      ["__proto__", "__proto__"],
      ["a/b.txt", "a/b.txt"],
      ["constructor", "constructor"],
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
