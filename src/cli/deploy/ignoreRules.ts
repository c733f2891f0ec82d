import ignore, { type Ignore } from "ignore"

/** What a folder leaves out of a deploy by its `.gitignore` files, and by what is never worth publishing. */
export interface IgnoreRules {
  /** `path` is relative to the folder that is deployed; a folder above it is not ignored itself. */
  readonly isIgnored: (path: string, isFolder: boolean) => boolean
  /** The rules that hold from `folder` on, which has a `.gitignore` of its own. */
  readonly within: (folder: string, gitignore: string) => IgnoreRules
}

interface Level {
  readonly folder: string
  readonly matcher: Ignore
}

const make = (levels: ReadonlyArray<Level>): IgnoreRules => ({
  isIgnored: (path, isFolder) => {
    // The nearest file that says anything of the path decides.
    for (const { folder, matcher } of levels) {
      const relative = folder === "" ? path : path.slice(folder.length + 1)
      const { ignored, unignored } = matcher.test(isFolder ? `${relative}/` : relative)
      if (ignored) return true
      if (unignored) return false
    }
    return false
  },
  within: (folder, gitignore) => make([{ folder, matcher: matcherOf(gitignore) }, ...levels]),
})

const matcherOf = (patterns: string): Ignore => ignore({ ignorecase: false }).add(patterns)

/** Before any `.gitignore`, which may take these back. */
export const defaultRules: IgnoreRules = make([{ folder: "", matcher: matcherOf("node_modules\n*.log\n") }])

/** Leaves nothing out. */
export const noRules: IgnoreRules = { isIgnored: () => false, within: () => noRules }
