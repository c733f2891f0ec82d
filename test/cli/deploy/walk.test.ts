import { symlinkSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { walk } from "../../../src/cli/deploy/walk.ts"
import { tree } from "../tree.ts"

/** A folder with these files; what each holds is its own path unless said. */
const folderWith = (files: ReadonlyArray<string> | Readonly<Record<string, string>>): string =>
  tree(isList(files) ? Object.fromEntries(files.map((path) => [path, path])) : files)

const isList = (files: ReadonlyArray<string> | Readonly<Record<string, string>>): files is ReadonlyArray<string> => Array.isArray(files)

const pathsIn = (folder: string, ignore = true) => Effect.map(walk(folder, { ignore }), ({ files }) => files.map(({ path }) => path))

describe("what a folder publishes", () => {
  it.effect("is its files, with paths relative to it and their sizes, in order", () =>
    Effect.gen(function* () {
      const folder = folderWith({ "z.html": "12345", "a/b/c.txt": "", "index.html": "x" })
      const { files, skipped } = yield* walk(folder, { ignore: true })
      expect(files).toEqual([
        { path: "a/b/c.txt", absolute: join(folder, "a/b/c.txt"), size: 0 },
        { path: "index.html", absolute: join(folder, "index.html"), size: 1 },
        { path: "z.html", absolute: join(folder, "z.html"), size: 5 },
      ])
      expect(skipped).toEqual([])
    }),
  )

  it.effect("leaves out names that begin with a dot, other than .well-known", () =>
    Effect.gen(function* () {
      const folder = folderWith([
        ".env",
        ".git/config",
        "a/.DS_Store",
        "a/.hidden/x",
        ".well-known/security.txt",
        ".well-known/.secret",
        "a/b.txt",
      ])
      expect(yield* pathsIn(folder)).toEqual([".well-known/security.txt", "a/b.txt"])
      expect(yield* pathsIn(folder, false)).toEqual([".well-known/security.txt", "a/b.txt"])
    }),
  )

  it.effect("leaves out node_modules and logs at any depth, unless told to take them", () =>
    Effect.gen(function* () {
      const folder = folderWith([
        "node_modules/x/index.js",
        "app/node_modules/y.js",
        "npm-debug.log",
        "app/server.log",
        "app/logic.js",
        "log",
      ])
      expect(yield* pathsIn(folder)).toEqual(["app/logic.js", "log"])
      expect(yield* pathsIn(folder, false)).toEqual([
        "app/logic.js",
        "app/node_modules/y.js",
        "app/server.log",
        "log",
        "node_modules/x/index.js",
        "npm-debug.log",
      ])
    }),
  )

  it.effect("always takes the site's own rules along", () =>
    Effect.gen(function* () {
      const folder = folderWith({ ".gitignore": "_*\n", _redirects: "", _headers: "", _draft: "", "sub/_headers": "" })
      expect(yield* pathsIn(folder)).toEqual(["_headers", "_redirects"])
    }),
  )

  it.effect("never follows links, and says which it left out", () =>
    Effect.gen(function* () {
      const folder = folderWith({ "index.html": "x", ".gitignore": "ignored\n" })
      symlinkSync("/etc/passwd", join(folder, "passwd"))
      symlinkSync("/etc", join(folder, "etc"))
      symlinkSync("nowhere", join(folder, "broken"))
      symlinkSync("/etc/passwd", join(folder, ".hidden"))
      symlinkSync("/etc/passwd", join(folder, "ignored"))
      const { files, skipped } = yield* walk(folder, { ignore: true })
      expect(files.map(({ path }) => path)).toEqual(["index.html"])
      expect(skipped).toEqual(["broken", "etc", "passwd"])
    }),
  )

  it.effect("may be a folder that is reached through a link", () =>
    Effect.gen(function* () {
      const folder = folderWith(["index.html"])
      const link = join(tree(), "link")
      symlinkSync(folder, link)
      expect(yield* pathsIn(link)).toEqual(["index.html"])
    }),
  )

  it.effect("is nothing for a file, and for what is not there", () =>
    Effect.gen(function* () {
      const folder = folderWith(["index.html"])
      const file = yield* Effect.flip(walk(join(folder, "index.html"), { ignore: true }))
      expect(file).toMatchObject({ code: "NO_SUCH_FOLDER", message: expect.stringContaining("is no folder") })
      const missing = yield* Effect.flip(walk(join(folder, "missing"), { ignore: true }))
      expect(missing).toMatchObject({ code: "NO_SUCH_FOLDER", message: expect.stringContaining("there is no folder") })
    }),
  )
})

/** A `.gitignore` tree, and which of its files are published. */
const gitignores: ReadonlyArray<readonly [why: string, files: Readonly<Record<string, string>>, published: ReadonlyArray<string>]> = [
  ["a name anywhere", { ".gitignore": "secret.txt", "secret.txt": "", "a/secret.txt": "", "a/b.txt": "" }, ["a/b.txt"]],
  ["a name at the root only", { ".gitignore": "/x", x: "", "a/x": "" }, ["a/x"]],
  ["a folder but no file of its name", { ".gitignore": "build/", "build/x": "", "a/build": "" }, ["a/build"]],
  ["a pattern and an exception", { ".gitignore": "*.txt\n!keep.txt", "a.txt": "", "keep.txt": "" }, ["keep.txt"]],
  ["comments and blank lines", { ".gitignore": "# a.txt\n\nb.txt\n", "a.txt": "", "b.txt": "" }, ["a.txt"]],
  ["a case that differs", { ".gitignore": "README", readme: "", README: "" }, ["readme"]],
  ["Windows line ends", { ".gitignore": "a.txt\r\nb.txt\r\n", "a.txt": "", "b.txt": "", "c.txt": "" }, ["c.txt"]],
  ["a nested file", { "a/.gitignore": "x", x: "", "a/x": "", "a/b/x": "" }, ["x"]],
  ["a nested file's root", { "a/.gitignore": "/x", "a/x": "", "a/b/x": "" }, ["a/b/x"]],
  ["a nested exception", { ".gitignore": "*.map", "a/.gitignore": "!*.map", "x.map": "", "a/x.map": "", "b/x.map": "" }, ["a/x.map"]],
  ["an exception below an ignored folder, as git has it", { ".gitignore": "a", "a/.gitignore": "!x", "a/x": "" }, []],
  ["a deeper file over a nearer exception", { ".gitignore": "!x", "a/.gitignore": "x", x: "", "a/x": "" }, ["x"]],
  ["an exception to what is always left out", { ".gitignore": "!debug.log", "debug.log": "", "other.log": "" }, ["debug.log"]],
  ["a file of Fazt's own", { ".faztignore": "README.md\n/src/", "README.md": "", "src/a": "", "a/src/b": "" }, ["a/src/b"]],
  ["both files, the latter of which decides", { ".gitignore": "dist\nnotes", ".faztignore": "!dist", "dist/a": "", notes: "" }, ["dist/a"]],
  ["a double star", { ".gitignore": "a/**/z", "a/z": "", "a/b/c/z": "", z: "" }, ["z"]],
]

describe(".gitignore", () => {
  it.effect.each(gitignores)("is followed for %j", ([, files, published]) =>
    Effect.gen(function* () {
      expect(yield* pathsIn(folderWith(files))).toEqual(published)
    }),
  )

  it.effect("is not followed when it need not be, and is not published itself", () =>
    Effect.gen(function* () {
      expect(yield* pathsIn(folderWith({ ".gitignore": "*", "a/.gitignore": "*", "a/x": "" }), false)).toEqual(["a/x"])
    }),
  )

  it.effect("does not count above the folder", () =>
    Effect.gen(function* () {
      const folder = folderWith({ ".gitignore": "dist", "dist/index.html": "" })
      expect(yield* pathsIn(join(folder, "dist"))).toEqual(["index.html"])
    }),
  )
})
