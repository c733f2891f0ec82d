import { hostFunction } from "./host.ts"
import { stdlibValue } from "./stdlib.ts"

type Factory = (module: { exports: unknown }, exports: unknown, require: (name: string) => unknown) => void

const resolve = hostFunction<[string, string], string>("engine.resolve")
const source = hostFunction<[string], string>("engine.source")
const stdlibSource = hostFunction<[string], string>("engine.stdlib")

/** Files as functions, compiled when the program was loaded. */
const factories = new Map<string, Factory>()
/** What has been required so far. The image holds none, so each request has a cache of its own. */
const modules = new Map<string, { exports: unknown }>()

export const define = (path: string, factory: Factory): void => {
  factories.set(path, factory)
}

/** Evaluates a built-in package while the program is loaded. */
export const preload = (name: string): void => {
  stdlibValue(name, stdlibSource)
}

/** CommonJS for the file `base`: files in `api/` and the built-in packages. */
export const requireFrom =
  (base: string) =>
  (name: string): unknown => {
    const found = JSON.parse(resolve(base, String(name))) as { readonly path: string } | { readonly stdlib: string }
    if ("stdlib" in found) return stdlibValue(found.stdlib, stdlibSource)
    const known = modules.get(found.path)
    if (known !== undefined) return known.exports
    const module = { exports: {} as unknown }
    modules.set(found.path, module)
    try {
      factoryOf(found.path).call(module.exports, module, module.exports, requireFrom(found.path))
    } catch (error) {
      modules.delete(found.path)
      throw error
    }
    return module.exports
  }

/** In the global scope, and the first line stays the first. */
// biome-ignore lint/security/noGlobalEval: this is how code is loaded here
const evaluate = globalThis.eval

const factoryOf = (path: string): Factory =>
  factories.get(path) ?? (evaluate(`(function(module,exports,require){${source(path)}\n})`) as Factory)
