import type { Program } from "acorn"
import type { SiteFiles } from "./files.ts"
import { freeNames } from "./freeNames.ts"
import { type CodeGraph, moduleGraph, requireGraph } from "./graph.ts"
import { parseEither } from "./parse.ts"
import type { CodeProblem, CodeWarning } from "./problem.ts"
import type { Scope } from "./resolve.ts"
import { loadModule } from "./source.ts"
import type { StdlibName } from "./stdlib.ts"

/**
 * How a deploy's server code is written. `module`: an ES module whose default export answers requests. `api`: a script whose
 * completion value is the answer, as in Fazt 0.9. `legacy`: a script that uses `req` and `res`, as in Fazt 0.8.
 */
export type CodeForm = "module" | "api" | "legacy"

export interface ServerCode {
  readonly form: CodeForm
  readonly entry: string
  /** What it answers: every path of the site that has no file, or those under `/api/`. */
  readonly scope: Scope
}

/** Server code with all the files it needs: private, never to be served. */
export interface WholeServerCode extends ServerCode {
  readonly modules: ReadonlyArray<string>
  readonly stdlib: ReadonlyArray<StdlibName>
}

export interface Detected<Code> {
  readonly server: Code | undefined
  readonly warnings: ReadonlyArray<CodeWarning>
  /** What else is worth telling the one who deploys. */
  readonly notes: ReadonlyArray<string>
}

export type Refused = { readonly problem: CodeProblem }

/** The server code of a deploy with the files that it imports, or why it cannot run. */
export const serverCodeOf = (files: SiteFiles): Detected<WholeServerCode> | Refused => {
  const detected = detectServerCode(files)
  if ("problem" in detected) return detected
  const { server, warnings, notes } = detected
  if (server === undefined) return { server, warnings, notes }
  const graph = graphOf(files, server)
  if ("problem" in graph) return graph
  const { modules, stdlib } = graph
  return { server: { ...server, modules, stdlib }, warnings: [...warnings, ...graph.warnings], notes }
}

/** Whether a deploy has server code, and in which form. */
export const detectServerCode = (files: SiteFiles): Detected<ServerCode> | Refused => {
  const warnings: Array<CodeWarning> = []
  const api = entryOf(files, "api/main", warnings)
  const root = entryOf(files, "main", warnings)
  if (api === undefined) return root === undefined ? { server: undefined, warnings, notes: [] } : detectRoot(files, root, warnings)

  const inApi = detectApi(files, api)
  if ("problem" in inApi) return inApi
  if (root !== undefined) {
    const besides = detectRoot(files, root, [])
    if ("problem" in besides || besides.server !== undefined) {
      const reason = `${api} is the server code of this site, so ${root} neither runs nor is served. Remove one of them.`
      return { server: inApi, warnings: [...warnings, { file: root, line: 0, reason }], notes: [] }
    }
  }
  return { server: inApi, warnings, notes: [] }
}

const graphOf = (files: SiteFiles, { form, entry, scope }: ServerCode): CodeGraph | Refused => {
  if (form === "module") return moduleGraph(files, scope, entry)
  return form === "api" ? requireGraph(files, entry) : { modules: [], stdlib: [], warnings: [] }
}

/** What was built comes before what it was built from. */
const extensions = [".js", ".mjs", ".ts"]

const entryOf = (files: SiteFiles, name: string, warnings: Array<CodeWarning>): string | undefined => {
  const [entry, ...others] = extensions.map((extension) => name + extension).filter(files.has)
  for (const file of others) warnings.push({ file, line: 0, reason: `${entry} comes first: this file is not used as server code` })
  return entry
}

const detectApi = (files: SiteFiles, entry: string): ServerCode | Refused => {
  const code = readEntry(files, entry)
  if ("problem" in code) return code
  if (code.kind === "script") return { form: "api", entry, scope: "api" }
  if (hasDefaultExport(code.program)) return { form: "module", entry, scope: "api" }
  const message = "This ES module has no default export. Export what answers requests: export default { fetch(request, env, ctx) { … } }"
  return { problem: { file: entry, line: 1, column: 1, message } }
}

const detectRoot = (files: SiteFiles, entry: string, warnings: ReadonlyArray<CodeWarning>): Detected<ServerCode> | Refused => {
  const forBrowser = (why: string): Detected<ServerCode> => ({
    server: undefined,
    warnings,
    notes: [`${entry} is not server code, since ${why}: it is served like any other file.`],
  })
  const server = (form: CodeForm): Detected<ServerCode> => ({ server: { form, entry, scope: "site" }, warnings, notes: [] })

  const code = readEntry(files, entry)
  // What cannot be read may still be meant for a browser, which knows more than one language in a script element.
  if ("problem" in code) return isLoadedByPage(files, entry) ? forBrowser("index.html loads it") : code
  const names = freeNames(code.program)
  const browserName = browserNames.find((name) => names.read.has(name))
  if (code.kind === "module") {
    if (!hasDefaultExport(code.program)) return forBrowser("it is a module without a default export")
    return browserName !== undefined && isLoadedByPage(files, entry)
      ? forBrowser(`it uses ${browserName}, and index.html loads it`)
      : server("module")
  }
  if (names.read.has("res") && !names.written.has("res")) return server("legacy")
  if (browserName !== undefined) return forBrowser(`it uses ${browserName}`)
  return isLoadedByPage(files, entry) ? forBrowser("index.html loads it") : server("legacy")
}

const readEntry = (files: SiteFiles, entry: string): { readonly kind: "module" | "script"; readonly program: Program } | Refused => {
  const loaded = loadModule(files, entry)
  if ("problem" in loaded) return loaded
  const { kind, parsed } = parseEither(entry, loaded.code)
  return "problem" in parsed ? parsed : { kind, program: parsed.program }
}

const hasDefaultExport = (program: Program): boolean =>
  program.body.some((node) => {
    if (node.type === "ExportDefaultDeclaration") return true
    if (node.type !== "ExportNamedDeclaration") return false
    return node.specifiers.some(({ exported }) => (exported.type === "Identifier" ? exported.name : exported.value) === "default")
  })

const maxPageBytes = 1024 * 1024

const isLoadedByPage = (files: SiteFiles, entry: string): boolean => {
  if (!files.has("index.html") || files.size("index.html") > maxPageBytes) return false
  const scripts = files.read("index.html").matchAll(/<script\b[^>]*?\bsrc\s*=\s*["']?(?:\.?\/)?([^"'\s>?#]+)/gi)
  return [...scripts].some(([, src]) => src === entry)
}

/** What only browsers have, and nothing that the server's own globals are called. */
const browserNames: ReadonlyArray<string> = (
  "document window customElements localStorage sessionStorage indexedDB navigator location history screen alert confirm prompt " +
  "addEventListener matchMedia getComputedStyle requestAnimationFrame requestIdleCallback XMLHttpRequest DOMParser Image Audio " +
  "Element Node HTMLElement HTMLCanvasElement HTMLInputElement SVGElement MutationObserver IntersectionObserver ResizeObserver " +
  "ServiceWorkerGlobalScope importScripts clients caches Worker SharedWorker WebSocket Notification AudioContext jQuery $"
).split(" ")
