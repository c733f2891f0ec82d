import { maxCodeBytes, type SiteFiles } from "./files.ts"
import { stripTypes } from "./parse.ts"
import { type CodeProblem, problemText } from "./problem.ts"
import { resolveRequire } from "./resolve.ts"
import type { StdlibName } from "./stdlib.ts"

export type Loaded = { readonly code: string } | { readonly problem: CodeProblem }

/** A file as the engine can run it: types stripped, JSON as a module. */
export const loadModule = (files: SiteFiles, path: string): Loaded => load(files, path, (json) => `export default ${json};\n`)

/** The same for `require`: the code is the body of a function that is given `module`, `exports` and `require`. */
export const loadRequired = (files: SiteFiles, path: string): Loaded => load(files, path, (json) => `module.exports = ${json};\n`)

/** What `require(name)` in `base` gives: code to run as CommonJS, a package that is built in, or the message of the error to throw. */
export const readRequire = (
  files: SiteFiles,
  base: string,
  name: string,
): { readonly path: string; readonly code: string } | { readonly stdlib: StdlibName } | { readonly problem: string } => {
  const resolved = resolveRequire(files.has, base, name)
  if (!("path" in resolved)) return resolved
  const loaded = loadRequired(files, resolved.path)
  return "problem" in loaded ? { problem: problemText(loaded.problem) } : { path: resolved.path, code: loaded.code }
}

const load = (files: SiteFiles, path: string, wrapJson: (expression: string) => string): Loaded => {
  const whole = (message: string) => ({ problem: { file: path, line: 0, column: 0, message } })
  if (files.size(path) > maxCodeBytes)
    return whole(`The file is larger than ${maxCodeBytes / 1024 / 1024} MB, the most that code may have.`)
  if (/\.[jt]sx$/.test(path)) return whole("JSX has to be compiled: bundle it with esbuild and deploy the result.")
  const text = files.read(path).replace(/^\uFEFF/, "")
  // The engine takes code as text that ends at the first one.
  if (text.includes("\0")) return whole("The file has a U+0000 character in it. Write it as an escape, \\0, or deploy it as text.")
  if (/\.(js|mjs|cjs)$/.test(path)) return { code: text }
  if (/\.(ts|mts|cts)$/.test(path)) return stripTypes(path, text)
  if (!path.endsWith(".json")) return whole("Only .js, .mjs, .ts and .json files can be imported.")
  try {
    JSON.parse(text)
  } catch (error) {
    return whole(`This is not JSON: ${(error as Error).message}`)
  }
  return { code: wrapJson(`JSON.parse(${JSON.stringify(text)})`) }
}
