import { readFile, stat } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"

/** Which commit a folder is at. */
export interface GitSource {
  readonly commit?: string
  readonly ref?: string
}

/** What git's own files say of the work tree that a folder is in; nothing where there is none, or none that can be read. */
export const gitSource = (folder: string): Effect.Effect<GitSource> =>
  Effect.tryPromise(() => read(folder)).pipe(Effect.orElseSucceed(() => ({})))

const read = async (folder: string): Promise<GitSource> => {
  const git = await findGit(resolve(folder))
  if (git === undefined) return {}
  const head = (await textOf(join(git, "HEAD"))) ?? ""
  const ref = /^ref: (refs\/.+)$/.exec(head)?.[1]
  if (ref === undefined) return isCommit(head) ? { commit: head } : {}
  const name = ref.replace(/^refs\/heads\//, "").slice(0, 256)
  const commit = await commitOf(git, ref)
  return commit === undefined ? { ref: name } : { ref: name, commit }
}

/** The git folder of the work tree: `.git`, or where a file of that name points (work trees, submodules). */
const findGit = async (folder: string): Promise<string | undefined> => {
  const path = join(folder, ".git")
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return path
  if (found?.isFile()) {
    const to = /^gitdir: (.+)$/.exec((await textOf(path)) ?? "")?.[1]
    return to === undefined ? undefined : resolve(folder, to)
  }
  const above = dirname(folder)
  return above === folder ? undefined : findGit(above)
}

/** A branch's commit: in a file of its own, or packed; both belong to the repository, not to one of its work trees. */
const commitOf = async (git: string, ref: string): Promise<string | undefined> => {
  const common = await textOf(join(git, "commondir"))
  const shared = common === undefined ? git : resolve(git, common)
  for (const place of [git, shared]) {
    const commit = await textOf(join(place, ref))
    if (commit !== undefined && isCommit(commit)) return commit
  }
  const packed = (await textOf(join(shared, "packed-refs"))) ?? ""
  const line = packed.split("\n").find((line) => line.endsWith(` ${ref}`))
  const commit = line?.split(" ", 1)[0]
  return commit !== undefined && isCommit(commit) ? commit : undefined
}

const textOf = (file: string): Promise<string | undefined> =>
  readFile(file, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  )

const isCommit = (text: string): boolean => /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text)
