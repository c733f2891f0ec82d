import type { Dirent } from "node:fs"
import { lstat, readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { failed, messageOf, systemCode } from "../errors.ts"
import { defaultRules, type IgnoreRules, noRules } from "./ignoreRules.ts"

export interface LocalFile {
  /** As it is published: relative, with `/`. */
  readonly path: string
  readonly absolute: string
  readonly size: number
}

export interface Walked {
  readonly files: ReadonlyArray<LocalFile>
  /** Symbolic links, sockets and the like: what a site cannot hold. */
  readonly skipped: ReadonlyArray<string>
}

/**
 * What a folder publishes. Left out: names that begin with a dot, other than `.well-known`; with `ignore`, also what its
 * `.gitignore` and `.faztignore` files say, `node_modules` and `*.log`. Links are never followed: a deploy reads nothing outside the folder.
 */
export const walk = (folder: string, { ignore }: { readonly ignore: boolean }) =>
  Effect.tryPromise({
    try: async (): Promise<Walked> => {
      if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error("it is no folder"), { code: "ENOTDIR" })
      const files: Array<LocalFile> = []
      const skipped: Array<string> = []
      await visit("", folder, ignore ? defaultRules : noRules, files, skipped)
      return { files, skipped }
    },
    catch: (cause) => {
      const code = systemCode(cause)
      if (code === "ENOENT") return failed("NO_SUCH_FOLDER", `there is no folder ${folder}`)
      if (code === "ENOTDIR") return failed("NO_SUCH_FOLDER", `${folder} is no folder`, "give the folder that holds the site's index.html")
      return failed("UNREADABLE", `cannot read ${folder}: ${messageOf(cause)}`)
    },
  })

/** The rules of a folder. Where they disagree, the later file decides. */
const ruleFileNames = [".gitignore", ".faztignore"]

const visit = async (at: string, absolute: string, above: IgnoreRules, files: Array<LocalFile>, skipped: Array<string>): Promise<void> => {
  const entries = await readdir(absolute, { withFileTypes: true })
  const ruleFiles = ruleFileNames.filter((name) => entries.some((entry) => entry.name === name && entry.isFile()))
  const texts = await Promise.all(ruleFiles.map((name) => readFile(join(absolute, name), "utf8")))
  const rules = texts.length === 0 ? above : above.within(at, texts.join("\n"))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = at === "" ? entry.name : `${at}/${entry.name}`
    if (isLeftOut(entry, path, rules)) continue
    const file = join(absolute, entry.name)
    if (entry.isDirectory()) await visit(path, file, rules, files, skipped)
    else if (entry.isFile()) {
      const size = await sizeOf(file)
      if (size !== undefined) files.push({ path, absolute: file, size })
    } else skipped.push(path)
  }
}

/** Nothing for a file that went away since its folder was listed. */
const sizeOf = (file: string): Promise<number | undefined> =>
  lstat(file).then(
    ({ size }) => size,
    (cause) => (systemCode(cause) === "ENOENT" ? undefined : Promise.reject(cause)),
  )

/** The site's own routing rules go along whatever else is said. */
const always = new Set(["_redirects", "_headers"])

const isLeftOut = (entry: Dirent, path: string, rules: IgnoreRules): boolean => {
  if (always.has(path)) return false
  if (entry.name.startsWith(".") && entry.name !== ".well-known") return true
  return rules.isIgnored(path, entry.isDirectory())
}
