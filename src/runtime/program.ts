import type { ManifestServer } from "../events/manifest.ts"
import { version } from "../resources.ts"
import { asCompletionFunction } from "./code/completion.ts"
import type { SiteFiles } from "./code/files.ts"
import { parseScript } from "./code/parse.ts"
import { type CodeProblem, problemText } from "./code/problem.ts"
import { resolveModule, resolveRequire } from "./code/resolve.ts"
import { loadModule, loadRequired } from "./code/source.ts"
import { isStdlib, type StdlibName, stdlibModule, stdlibScript } from "./code/stdlib.ts"
import { type Binding, GuestError } from "./host.ts"
import type { Sandbox } from "./sandbox.ts"

/** The server code of one deploy. */
export interface Program {
  readonly site: string
  readonly server: ManifestServer
  readonly files: SiteFiles
}

/** Code that cannot be started, and where the mistake is. */
export class CodeRefused extends Error {
  override readonly name = "CodeRefused"
  readonly problem: CodeProblem
  constructor(problem: CodeProblem) {
    super(problemText(problem))
    this.problem = problem
  }
}

const stdlibPrefix = "fazt:"

/** How the engine finds the modules of a program. */
export const moduleLoader = ({ server, files }: Program) => ({
  normalizeModule: (base: string, name: string): string => {
    if (base === startFile) return name
    const resolved = resolveModule(files.has, server.scope, base, name)
    if ("path" in resolved) return resolved.path
    return "stdlib" in resolved ? stdlibPrefix + resolved.stdlib : `!${resolved.problem}`
  },
  loadModule: (name: string): string => {
    if (name.startsWith("!")) return throwing(name.slice(1))
    if (name.startsWith(stdlibPrefix)) return stdlibModule(name.slice(stdlibPrefix.length) as StdlibName)
    if (!files.has(name)) return throwing(`There is no file ${name}.`)
    const loaded = loadModule(files, name)
    return "code" in loaded ? loaded.code : throwing(problemText(loaded.problem))
  },
})

/** Null would leave the engine without an exception to throw. */
const throwing = (message: string): string => `throw new TypeError(${JSON.stringify(message)})`

/** What `require` asks of the host: where a name leads, and the code that is there. */
export const requireBinding =
  ({ files }: Program): Binding =>
  () => ({
    /** `(base, name)` → JSON of `{ path }` or `{ stdlib }`. */
    "engine.resolve": {
      kind: "sync",
      takes: "ss",
      run: (base: string, name: string): string => {
        const resolved = resolveRequire(files.has, base, name)
        if ("problem" in resolved) throw new GuestError(`Cannot find module: ${resolved.problem}`, { code: "MODULE_NOT_FOUND" })
        return JSON.stringify(resolved)
      },
    },
    /** The code of a file as the body of a CommonJS function. */
    "engine.source": {
      kind: "sync",
      takes: "s",
      run: (path: string): string => {
        const loaded = files.has(path) ? loadRequired(files, path) : undefined
        if (loaded === undefined || "problem" in loaded) throw new GuestError(`Cannot load ${path}.`, { code: "MODULE_NOT_FOUND" })
        return inFunction(loaded.code)
      },
    },
    /** A script whose value is the package. */
    "engine.stdlib": {
      kind: "sync",
      takes: "s",
      run: (name: string): string => {
        if (!isStdlib(name)) throw new GuestError(`There is no built-in package ${name}.`, { code: "MODULE_NOT_FOUND" })
        return stdlibScript(name)
      },
    },
  })

const startFile = "<start>"

/** Evaluates a program in a sandbox that has been prepared; what it leaves there is the image of every request. */
export const startProgram = (
  sandbox: Sandbox,
  program: Program,
  limitMs: number,
  log: (level: "debug" | "info" | "log" | "warn" | "error", message: string) => void,
): void => {
  const { site, server, files } = program
  const { form, entry, modules, stdlib } = server
  const app = { site, version }
  sandbox.start(
    (evaluate) => {
      // What is required by name is loaded now, so that no request has to.
      for (const name of form === "api" ? stdlib : []) evaluate(`__fazt.preload(${JSON.stringify(name)})`, startFile, false)
      if (form === "module") {
        evaluate(`import * as program from ${JSON.stringify(entry)}; __fazt.startModule(program)`, startFile, true)
      } else if (form === "api") {
        for (const path of modules) evaluate(`__fazt.define(${JSON.stringify(path)},${commonJs(files, path)})`, path, false)
        evaluate(`__fazt.startApi(${script(files, entry)},${JSON.stringify(entry)})`, entry, false)
      } else {
        evaluate(`__fazt.startLegacy(${script(files, entry)})`, entry, false)
      }
      evaluate(`__fazt.freeze(${JSON.stringify(app)})`, startFile, false)
    },
    limitMs,
    log,
  )
}

const codeOf = (files: SiteFiles, path: string, load: typeof loadModule): string => {
  const loaded = load(files, path)
  if ("problem" in loaded) throw new CodeRefused(loaded.problem)
  return loaded.code
}

const script = (files: SiteFiles, path: string): string => {
  const code = codeOf(files, path, loadModule)
  const parsed = parseScript(path, code, false)
  if ("problem" in parsed) throw new CodeRefused(parsed.problem)
  return asCompletionFunction(code, parsed.program)
}

const commonJs = (files: SiteFiles, path: string): string =>
  `(function(module,exports,require){${inFunction(codeOf(files, path, loadRequired))}\n})`

/** Only at the beginning of a file is `#!` a comment. */
const inFunction = (code: string): string => code.replace(/^#!/, "//")
