import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const src = fileURLToPath(new URL("../src/", import.meta.url))

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort()

/** The files of ours that a file imports, with how. */
const importsOf = (file: string): ReadonlyArray<{ readonly to: string; readonly typeOnly: boolean }> => {
  const text = readFileSync(join(src, file), "utf8")
  const found = [...text.matchAll(/^\s*(?:import|export)\s+(type\s)?[^"']*?from\s+["'](\.[^"']+)["']|import\(\s*["'](\.[^"']+)["']\s*\)/gm)]
  return found.map(([, type, path, dynamic]) => ({
    to: relative(src, resolve(dirname(join(src, file)), (path ?? dynamic)!)),
    typeOnly: type !== undefined,
  }))
}

const imports = new Map(files.map((file) => [file, importsOf(file)]))

/** What each folder may import, besides itself. */
const law: Readonly<Record<string, ReadonlyArray<string>>> = {
  events: [],
  projections: ["events"],
  commands: ["events"],
  runtime: ["events", "commands", "projections"],
  http: ["events", "commands", "projections", "runtime"],
  cli: [],
}

/** Modules at the root that every folder may use: they know nothing of ours. */
const forAll: ReadonlySet<string> = new Set(["config.ts", "errorCodes.ts", "resources.ts", "threads.ts"])

/** The exceptions that the architecture names. */
const exceptions: ReadonlyArray<(from: string, to: string) => boolean> = [
  // The writer's thread applies projections in the transaction that appends.
  (from, to) =>
    /^commands\/(writer|writerHandler|writerPort|writerRequest|writerThread|rebuilds|CartridgeWriter)\.ts$/.test(from) &&
    to === "projections/projector.ts",
  // The remote control speaks the contract; one file runs the server itself.
  (from, to) => from.startsWith("cli/") && /^http\/api\/(Api|envelope|blobBatch|period|contract\/\w+)\.ts$/.test(to),
  (from) => from === "cli/serve.ts",
]

const folderOf = (file: string): string => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "")

const mayImport = (from: string, to: string): boolean => {
  const [a, b] = [folderOf(from), folderOf(to)]
  if (forAll.has(to) || a === "" || a === b) return true
  return law[a]?.includes(b) === true || exceptions.some((allows) => allows(from, to))
}

describe("the architecture", () => {
  it("has only the folders it names", () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => folder !== "").every((folder) => folder in law)).toBe(true)
  })

  it("lets each folder import only what it may", () => {
    const broken = files.flatMap((from) =>
      imports
        .get(from)!
        .filter(({ to }) => !mayImport(from, to))
        .map(({ to }) => `${from} imports ${to}`),
    )
    expect(broken).toEqual([])
  })

  it("keeps the modules for all free of ours", () => {
    for (const file of forAll)
      expect(
        imports
          .get(file)!
          .map(({ to }) => to)
          .filter((to) => !forAll.has(to)),
      ).toEqual([])
  })

  it("has no import cycles at run time", () => {
    const done = new Set<string>()
    const cycles: Array<string> = []
    const visit = (file: string, path: ReadonlyArray<string>): void => {
      if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file].join(" → "))
      if (done.has(file)) return
      for (const { to, typeOnly } of imports.get(file) ?? []) if (!typeOnly) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })

  it("reads the environment in config.ts only", () => {
    const readers = files.filter(
      (file) =>
        // The prelude runs in the guest, whose `process` it makes itself.
        file !== "config.ts" &&
        !file.startsWith("runtime/prelude/") &&
        /process\.env|Config\.(string|option|redacted|integer)\b/.test(readFileSync(join(src, file), "utf8")),
    )
    expect(readers).toEqual([])
  })

  it("reads no clock and no random number in decisions and projections", () => {
    const pure = files.filter((file) =>
      /^(commands\/(site|config|account[a-zA-Z]*|keys|sessions|env|decider|command)|projections\/(?!Queries|reader)[a-zA-Z]+|events\/(site|config|accounts|keys|sessions|env|logs|event|shredding|codec|chain|manifest))\.ts$/.test(
        file,
      ),
    )
    expect(pure.length).toBeGreaterThan(10)
    for (const file of pure)
      expect(readFileSync(join(src, file), "utf8"), file).not.toMatch(
        /Date\.now|new Date\(\)|Math\.random|randomBytes|randomUUID|process\./,
      )
  })

  it("has no barrels, no default exports, no enums and no utils", () => {
    for (const file of files) {
      expect(file).not.toMatch(/(^|\/)(index|utils?|helpers?)(\.ts|\/)/)
      expect(readFileSync(join(src, file), "utf8"), file).not.toMatch(/^export default|^export \* from|^(export )?(const )?enum /m)
    }
  })
})
