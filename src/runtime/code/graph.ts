import type { AnyNode, Program } from "acorn"
import type { SiteFiles } from "./files.ts"
import { nodesOf } from "./freeNames.ts"
import { type Parsed, parseEither, parseModule, parseScript } from "./parse.ts"
import type { CodeProblem, CodeWarning } from "./problem.ts"
import { type Resolved, resolveModule, resolveRequire, type Scope } from "./resolve.ts"
import { loadModule, loadRequired } from "./source.ts"
import type { StdlibName } from "./stdlib.ts"

/** What an entry file needs, as far as its text tells. */
export interface CodeGraph {
  /** Files that it imports, directly or not, sorted; the entry is not among them. */
  readonly modules: ReadonlyArray<string>
  readonly stdlib: ReadonlyArray<StdlibName>
  /** Calls that will fail if they are ever reached. */
  readonly warnings: ReadonlyArray<CodeWarning>
}

interface Link {
  readonly kind: "import" | "dynamic" | "require"
  readonly specifier: string
  readonly line: number
  readonly column: number
}

/** Follows the imports of an ES module. */
export const moduleGraph = (files: SiteFiles, scope: Scope, entry: string) =>
  follow(entry, {
    read: (path) => {
      const loaded = loadModule(files, path)
      return "problem" in loaded ? loaded : parseModule(path, loaded.code)
    },
    linksOf: (program) => linksOf(program, false),
    resolve: (base, { specifier }) => resolveModule(files.has, scope, base, specifier),
  })

/** Follows the `require` calls of a script in `api/`. */
export const requireGraph = (files: SiteFiles, entry: string) =>
  follow(entry, {
    read: (path) => {
      const loaded = loadRequired(files, path)
      if ("problem" in loaded) return loaded
      const parsed = parseScript(path, loaded.code, path !== entry)
      if ("program" in parsed || !("program" in parseEither(path, loaded.code).parsed)) return parsed
      const message = "This is an ES module, but require() takes CommonJS: set module.exports instead of exporting."
      return { problem: { ...parsed.problem, message } }
    },
    linksOf: (program) => linksOf(program, true),
    resolve: (base, { specifier }) => resolveRequire(files.has, base, specifier),
  })

interface Form {
  readonly read: (path: string) => Parsed
  readonly linksOf: (program: Program) => ReadonlyArray<Link>
  readonly resolve: (base: string, link: Link) => Resolved
}

const follow = (entry: string, form: Form): CodeGraph | { readonly problem: CodeProblem } => {
  const seen = new Set([entry])
  const stdlib = new Set<StdlibName>()
  const warnings: Array<CodeWarning> = []
  for (const path of seen) {
    const parsed = form.read(path)
    if ("problem" in parsed) return parsed
    for (const link of form.linksOf(parsed.program)) {
      const resolved = form.resolve(path, link)
      const { line, column } = link
      if ("path" in resolved) seen.add(resolved.path)
      else if ("stdlib" in resolved) stdlib.add(resolved.stdlib)
      // A module with an import that leads nowhere never starts. A call may stand in a branch that is never taken.
      else if (link.kind === "import") return { problem: { file: path, line, column, message: resolved.problem } }
      else warnings.push({ file: path, line, reason: resolved.problem })
    }
  }
  seen.delete(entry)
  return { modules: [...seen].sort(), stdlib: [...stdlib].sort(), warnings }
}

const linksOf = (program: Program, requires: boolean): ReadonlyArray<Link> => {
  const links: Array<Link> = []
  const add = (kind: Link["kind"], source: AnyNode | null | undefined): void => {
    if (source?.type !== "Literal" || typeof source.value !== "string") return
    const { line, column } = source.loc!.start
    links.push({ kind, specifier: source.value, line, column: column + 1 })
  }
  for (const node of nodesOf(program)) {
    if (node.type === "ImportDeclaration" || node.type === "ExportAllDeclaration" || node.type === "ExportNamedDeclaration")
      add("import", node.source)
    else if (node.type === "ImportExpression") add("dynamic", node.source)
    else if (requires && node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "require")
      add("require", node.arguments[0])
  }
  return links.sort((a, b) => a.line - b.line || a.column - b.column)
}
