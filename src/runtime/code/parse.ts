import { stripTypeScriptTypes } from "node:module"
import { type Options, type Program, parse } from "acorn"
import type { CodeProblem } from "./problem.ts"

export type Parsed = { readonly program: Program } | { readonly problem: CodeProblem }

const latest: Options = { ecmaVersion: "latest", locations: true, allowHashBang: true }

/** Parses an ES module. */
export const parseModule = (file: string, code: string): Parsed => attempt(file, code, { ...latest, sourceType: "module" })

/** Parses a classic script; `inFunction` when it will be the body of a function, as in CommonJS. */
export const parseScript = (file: string, code: string, inFunction = false): Parsed =>
  attempt(file, code, { ...latest, sourceType: "script", allowReturnOutsideFunction: inFunction })

/** What a file turns out to be. A file that could be either is a script, unless its name says otherwise. */
export const parseEither = (file: string, code: string): { readonly kind: "module" | "script"; readonly parsed: Parsed } => {
  const asModule = parseModule(file, code)
  const isModule = "program" in asModule && asModule.program.body.some(({ type }) => type.startsWith("Import") || type.startsWith("Export"))
  if (isModule || /\.m[jt]s$/.test(file)) return { kind: "module", parsed: asModule }
  const asScript = parseScript(file, code)
  if ("program" in asScript) return { kind: "script", parsed: asScript }
  // Neither: the reading that got further is what was meant.
  return "program" in asModule || isAfter(asModule.problem, asScript.problem)
    ? { kind: "module", parsed: asModule }
    : { kind: "script", parsed: asScript }
}

/** Removes the types of a TypeScript file; every line and column stays where it was. */
export const stripTypes = (file: string, code: string): { readonly code: string } | { readonly problem: CodeProblem } => {
  try {
    const stripped = stripTypeScriptTypes(code, { mode: "strip", sourceUrl: file })
    return { code: stripped.slice(0, stripped.lastIndexOf("\n\n//# sourceURL=")) }
  } catch (error) {
    const { message, stack = "", code: kind } = error as Error & { readonly code?: string }
    // Node puts the place in front of the stack only: the file and line, the line itself, and carets below it.
    const line = Number(/:(\d+)\n/.exec(stack)?.[1] ?? 0)
    const column = (/^ *(?=\^+$)/m.exec(stack)?.[0].length ?? 0) + 1
    const advice =
      kind === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX"
        ? ` Types are only removed, nothing is compiled: write this in plain JavaScript, or bundle with esbuild and deploy the result.`
        : ""
    return { problem: { file, line, column, message: `${message.replace(/\.?$/, ".")}${advice}` } }
  }
}

const attempt = (file: string, code: string, options: Options): Parsed => {
  try {
    return { program: parse(code, options) }
  } catch (error) {
    if (error instanceof RangeError) return { problem: { file, line: 0, column: 0, message: "The code is nested too deeply to be read." } }
    if (!(error instanceof SyntaxError)) throw error
    const { line, column } = (error as SyntaxError & { readonly loc: { readonly line: number; readonly column: number } }).loc
    return { problem: { file, line, column: column + 1, message: `${error.message.replace(/ \(\d+:\d+\)$/, "")}.` } }
  }
}

const isAfter = (a: CodeProblem, b: CodeProblem): boolean => a.line > b.line || (a.line === b.line && a.column >= b.column)
