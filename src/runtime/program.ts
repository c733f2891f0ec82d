import type { ManifestServer } from "../events/manifest.ts"
import { version } from "../resources.ts"
import { asCompletionFunction } from "./code/completion.ts"
import type { SiteFiles } from "./code/files.ts"
import { parseScript } from "./code/parse.ts"
import { type CodeProblem, problemText } from "./code/problem.ts"
import { resolveModule, resolveRequire } from "./code/resolve.ts"
import { loadModule, loadRequired } from "./code/source.ts"
import { isStdlib, type StdlibName, stdlibModule, stdlibScript } from "./code/stdlib.ts"
import { GuestError, type LogLevel } from "./host.ts"
import type { Image } from "./image.ts"
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

/** The code of a program, as the engine and `require` ask for it. */
export interface ProgramCode {
  /** What an import of `name` in the module `base` leads to. */
  readonly normalizeModule: (base: string, name: string) => string
  readonly loadModule: (name: string) => string
  /** What `require(name)` in the file `base` leads to: JSON of `{ path }` or `{ stdlib }`. */
  readonly resolve: (base: string, name: string) => string
  /** The code of a file as the body of a CommonJS function. */
  readonly source: (path: string) => string
  /** A script whose value is a built-in package. */
  readonly stdlib: (name: string) => string
}

const stdlibPrefix = "fazt:"

export const programCode = ({ server, files }: Program): ProgramCode => ({
  normalizeModule: (base, name) => {
    if (base === startFile) return name
    const resolved = resolveModule(files.has, server.scope, base, name)
    if ("path" in resolved) return resolved.path
    return "stdlib" in resolved ? stdlibPrefix + resolved.stdlib : `!${resolved.problem}`
  },
  loadModule: (name) => {
    if (name.startsWith("!")) return throwing(name.slice(1))
    if (name.startsWith(stdlibPrefix)) return stdlibModule(name.slice(stdlibPrefix.length) as StdlibName)
    if (!files.has(name)) return throwing(`There is no file ${name}.`)
    const loaded = loadModule(files, name)
    return "code" in loaded ? loaded.code : throwing(problemText(loaded.problem))
  },
  resolve: (base, name) => {
    const resolved = resolveRequire(files.has, base, name)
    if ("problem" in resolved) throw notFound(`Cannot find module: ${resolved.problem}`)
    return JSON.stringify(resolved)
  },
  source: (path) => {
    const loaded = files.has(path) ? loadRequired(files, path) : undefined
    if (loaded === undefined || "problem" in loaded) throw notFound(`Cannot load ${path}.`)
    return inFunction(loaded.code)
  },
  stdlib: (name) => {
    if (!isStdlib(name)) throw notFound(`There is no built-in package ${name}.`)
    return stdlibScript(name)
  },
})

/** Null would leave the engine without an exception to throw. */
const throwing = (message: string): string => `throw new TypeError(${JSON.stringify(message)})`

const notFound = (message: string) => new GuestError(message, { code: "MODULE_NOT_FOUND" })

const startFile = "<start>"

/** Evaluates a program in a sandbox; what it leaves there is the image of every request. */
export const startProgram = (
  sandbox: Sandbox,
  program: Program,
  limitMs: number,
  log: (level: LogLevel, message: string) => void,
): Image => {
  const { site, server, files } = program
  const { form, entry, modules, stdlib } = server
  const app = { site, version }
  return sandbox.start(
    programCode(program),
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
