import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { gitSource } from "../../../src/cli/deploy/gitSource.ts"
import { tree } from "../tree.ts"

const commit = "0123456789abcdef0123456789abcdef01234567"
const other = "f".repeat(40)

const trees: ReadonlyArray<readonly [why: string, files: Readonly<Record<string, string>>, at: string, found: object]> = [
  ["a branch", { ".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": `${commit}\n` }, ".", { ref: "main", commit }],
  ["a branch with slashes", { ".git/HEAD": "ref: refs/heads/a/b\n", ".git/refs/heads/a/b": commit }, ".", { ref: "a/b", commit }],
  [
    "a folder below",
    { ".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": commit, "a/b/x": "" },
    "a/b",
    { ref: "main", commit },
  ],
  ["a detached head", { ".git/HEAD": `${commit}\n` }, ".", { commit }],
  [
    "a packed branch",
    {
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/packed-refs": `# pack-refs\n${other} refs/heads/xmain\n${commit} refs/heads/main\n^${other}\n`,
    },
    ".",
    { ref: "main", commit },
  ],
  [
    "a branch that moved since it was packed",
    { ".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": `${other} refs/heads/main\n`, ".git/refs/heads/main": commit },
    ".",
    { ref: "main", commit },
  ],
  ["a branch without a commit", { ".git/HEAD": "ref: refs/heads/main\n" }, ".", { ref: "main" }],
  [
    "a work tree of another repository",
    {
      "repo/.git/worktrees/w/HEAD": "ref: refs/heads/side\n",
      "repo/.git/worktrees/w/commondir": "../..\n",
      "repo/.git/refs/heads/side": commit,
      "w/.git": "gitdir: ../repo/.git/worktrees/w\n",
    },
    "w",
    { ref: "side", commit },
  ],
  [
    "a submodule",
    { ".git/modules/s/HEAD": `${commit}\n`, ".git/HEAD": "ref: refs/heads/main\n", "s/.git": "gitdir: ../.git/modules/s\n" },
    "s",
    { commit },
  ],
  ["a SHA-256 repository", { ".git/HEAD": "a".repeat(64) }, ".", { commit: "a".repeat(64) }],
  ["a head that is nonsense", { ".git/HEAD": "what is this?" }, ".", {}],
  ["an empty .git", { ".git/x": "" }, ".", {}],
  ["a .git file that is nonsense", { ".git": "what is this?" }, ".", {}],
  ["a .git file that points nowhere", { ".git": "gitdir: /nowhere/at/all" }, ".", {}],
]

describe("the commit a folder is at", () => {
  it.effect.each(trees)("is read for %j", ([, files, at, found]) =>
    Effect.gen(function* () {
      expect(yield* gitSource(join(tree(files), at))).toEqual(found)
    }),
  )

  it.effect("is unknown where there is no folder", () =>
    Effect.gen(function* () {
      expect(yield* gitSource("/nowhere/at/all")).toEqual({})
    }),
  )
})
