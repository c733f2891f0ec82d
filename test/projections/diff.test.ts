import { describe, expect, it } from "vitest"
import { encodeManifest } from "../../src/events/manifest.ts"
import { diffManifests } from "../../src/projections/diff.ts"

type Files = Readonly<Record<string, string | Uint8Array>>

/** Compares two sets of files. Says also which contents were read. */
const compare = (before: Files, after: Files, limits?: Parameters<typeof diffManifests>[4]) => {
  const stored = new Map<string, Buffer>()
  const manifest = (name: string, files: Files): string => {
    const entries = Object.entries(files).map(([path, content]) => {
      const hash = `${name}:${path}`
      stored.set(hash, Buffer.from(content))
      return [path, { hash, size: Buffer.byteLength(content), type: "text/plain" }] as const
    })
    stored.set(name, encodeManifest({ files: Object.fromEntries(entries), spa: false }))
    return name
  }
  const read: Array<string> = []
  const bytes = (hash: string) => {
    read.push(hash)
    return stored.get(hash)
  }
  const diff = diffManifests({ bytes }, manifest("a", before), manifest("b", after), true, limits)
  return { ...diff, shown: diff.patches.map(({ path }) => path), read }
}

const generous = { ms: 60_000, inputBytes: 1e9, patchBytes: 1e9 }
const noise = (seed: number, lines: number) => Array.from({ length: lines }, (_, i) => `${seed} ${i * 7919 + seed}\n`).join("")

describe("a comparison of texts", () => {
  it("shows files whose names every object has", () => {
    const { added, removed, patches, omitted } = compare({ toString: "gone\n" }, { constructor: "here\n" })
    expect([added, removed, omitted]).toEqual([["constructor"], ["toString"], []])
    expect(patches.map(({ patch }) => patch.split("\n").filter((line) => /^[+-]\w/.test(line)))).toEqual([["+here"], ["-gone"]])
  })

  it("names what it leaves out: binary files and large ones", () => {
    const large = "x".repeat(1024 * 1024 + 1)
    const { shown, omitted } = compare(
      { "a.bin": Uint8Array.of(0, 1), "latin.txt": Uint8Array.of(0xe9) },
      { "a.bin": Uint8Array.of(0, 2), "latin.txt": Uint8Array.of(0xea), "b.txt": large, "c.txt": "c" },
    )
    expect([shown, omitted]).toEqual([["c.txt"], ["a.bin", "b.txt", "latin.txt"]])
  })

  it("leaves nothing out that it was not asked to show", () => {
    const bytes = () => encodeManifest({ files: {}, spa: false })
    expect(diffManifests({ bytes }, "a", "b", false)).toEqual({ added: [], changed: [], removed: [], patches: [], omitted: [] })
  })

  it("gives all files together the time of one answer", () => {
    const files = (seed: number) => Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}.txt`, noise(seed + i, 20_000)]))
    const started = performance.now()
    const { shown, omitted } = compare(files(1), files(1000), { ...generous, ms: 200 })
    expect(performance.now() - started).toBeLessThan(2_000)
    expect([shown, omitted.length]).toEqual([[], 20])
  })

  it("reads only so many bytes, and goes on with files that still fit", () => {
    const { shown, omitted, read } = compare(
      { "a.txt": "1".repeat(60), "b.txt": "1".repeat(60), "c.txt": "1" },
      { "a.txt": "2".repeat(30), "b.txt": "2", "c.txt": "2" },
      { ...generous, inputBytes: 100 },
    )
    expect([shown, omitted]).toEqual([["a.txt", "c.txt"], ["b.txt"]])
    expect(read).not.toContain("a:b.txt")
  })

  it("shows only so much, and names the rest", () => {
    const { shown, omitted } = compare({}, { "a.txt": "a", "b.txt": "b".repeat(500), "c.txt": "c" }, { ...generous, patchBytes: 300 })
    expect([shown, omitted]).toEqual([["a.txt", "c.txt"], ["b.txt"]])
  })
})
