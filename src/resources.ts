import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads"

/**
 * Where the program's own files are, whether it runs from its sources (`src/`) or from the bundle (`dist/`): both trees have
 * this module at their root, and thread entries at the same relative paths.
 */
const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js"

/** This release's version. */
export const version: string = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version

/** The entry file of a worker thread, such as `commands/writerThread`. The tests, which run from the sources, start many. */
export const threadUrl = (entry: string): URL =>
  extension === ".ts" && isBundleNewest()
    ? new URL(`../dist/${entry}.js`, import.meta.url)
    : new URL(`./${entry}${extension}`, import.meta.url)

/** A bundled thread starts three times faster than its sources; one that is older than them would run yesterday's code. */
const isBundleNewest = (): boolean => {
  const bundled = statSync(new URL("../dist/main.js", import.meta.url), { throwIfNoEntry: false })?.mtimeMs
  if (bundled === undefined) return false
  return ["../src/", "../migrations/"].every((name) => {
    const folder = fileURLToPath(new URL(name, import.meta.url))
    return readdirSync(folder, { recursive: true, withFileTypes: true }).every(
      (entry) => !entry.isFile() || statSync(join(entry.parentPath, entry.name)).mtimeMs <= bundled,
    )
  })
}

/** The numbered migrations of the truth tables, in order. */
export const migrations = (): ReadonlyArray<{ readonly name: string; readonly sql: string }> => {
  const folder = new URL("../migrations/", import.meta.url)
  return readdirSync(folder)
    .filter((name) => /^\d{4}_.*\.sql$/.test(name))
    .sort()
    .map((name) => ({ name, sql: readFileSync(new URL(name, folder), "utf8") }))
}

/** The folder of a site that every new cartridge starts with: `root` or `404`. */
export const seedFolder = (site: string): string => fileURLToPath(new URL(`../seeds/${site}`, import.meta.url))

/** The program's own pages, which the admin's hosts show. */
export const adminFolder: string = fileURLToPath(new URL("../admin", import.meta.url))

/** What `fazt new` begins a site with, such as `api`. */
export const templateFolder = (template: string): string => fileURLToPath(new URL(`../templates/${template}`, import.meta.url))

/** Passwords that are guessed first, in lower case, one a line; lines that begin with `#` are remarks. */
export const commonPasswordsFile: string = fileURLToPath(new URL("../data/common-passwords.txt", import.meta.url))

/** The types of all that server code finds. */
export const typesFile: string = fileURLToPath(new URL("../types/fazt.d.ts", import.meta.url))

/**
 * A file that runs inside the sandbox, or the sandbox itself: built into `dist/guest/`, whether the program runs from there or
 * not. Running from the sources, they are built first when they are not as new as what they are made of.
 */
export const guestFile = (name: string): URL => {
  if (extension === ".ts" && getEnvironmentData(guestIsBuilt) !== true) buildGuest()
  return new URL(`../dist/guest/${name}`, import.meta.url)
}

/** Threads inherit it, so that each process looks once. */
const guestIsBuilt = "fazt/guest-is-built"

const buildGuest = (): void => {
  const script = fileURLToPath(new URL("../scripts/guest.mjs", import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" })
  if (status !== 0) throw new Error(`The files in dist/guest could not be built: ${stderr}`)
  setEnvironmentData(guestIsBuilt, true)
}
