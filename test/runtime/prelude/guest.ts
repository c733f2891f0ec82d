import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { newQuickJSWASMModuleFromVariant, newVariant, type QuickJSContext, type QuickJSHandle, RELEASE_SYNC } from "quickjs-emscripten"
import { consoleBinding } from "../../../src/runtime/bindings/console.ts"
import { timersBinding } from "../../../src/runtime/bindings/timers.ts"
import { webBinding } from "../../../src/runtime/bindings/web.ts"
import {
  GuestError,
  type HostAnswer,
  type HostFunction,
  type HostTable,
  type HostTask,
  type Invocation,
  type LogLevel,
} from "../../../src/runtime/host.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))

const bundled = async (contents: string, options: { readonly globalName?: string; readonly minify?: boolean } = {}): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2023",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    logLevel: "error",
    ...options,
  })
  return outputFiles[0]!.text
}

/** The web classes as they are put into a sandbox, and a way in for tests. */
export const webPrelude = (): Promise<string> =>
  bundled(
    `import { installFetch } from "./src/runtime/prelude/fetch.ts"
     import { settle } from "./src/runtime/prelude/host.ts"
     import { onUncaught } from "./src/runtime/prelude/timers.ts"
     import { format } from "./src/runtime/prelude/web/format.ts"
     import { installWeb } from "./src/runtime/prelude/web/install.ts"
     import { beginRequest, incomingRequest, isResponse, takeResponse } from "./src/runtime/prelude/web/internal.ts"
     installWeb(globalThis)
     installFetch(globalThis)
     globalThis.__test = { settle, onUncaught, format, beginRequest, incomingRequest, isResponse, takeResponse }`,
    { minify: true },
  )

/** A program for the guest, as the variable `program`. */
export const guestProgram = (contents: string): Promise<string> => bundled(contents, { globalName: "program" })

export interface LogLine {
  readonly level: LogLevel
  readonly text: string
}

/** A guest with the web classes and nothing else of the server. */
export interface TestGuest {
  /** Runs the body of an async function; what it returns comes back by way of JSON. */
  readonly run: (body: string) => Promise<unknown>
  readonly evaluate: (code: string) => void
  readonly lines: Array<LogLine>
  /** Ends the run: nothing that still waits comes back. */
  readonly abort: () => void
  readonly context: QuickJSContext
}

const wasm = readFileSync(createRequire(import.meta.url).resolve("@jitl/quickjs-wasmfile-release-sync/wasm"))
const modules = newQuickJSWASMModuleFromVariant(
  newVariant(RELEASE_SYNC, { wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length) as ArrayBuffer }),
)

export const startGuest = async (prelude: string, more: HostTable = {}): Promise<TestGuest> => {
  const context = (await modules).newContext()
  const controller = new AbortController()
  const lines: Array<LogLine> = []
  const invocation = {
    now: Date.now(),
    log: (level: LogLevel, text: string) => lines.push({ level, text }),
    signal: controller.signal,
  } as unknown as Invocation

  const bindings = [webBinding, consoleBinding, timersBinding]
  const table: HostTable = Object.assign({ fetch: noNetwork }, ...bindings.map((binding) => binding(() => invocation)), more)
  const ops = Object.values(table)

  const argument = (letter: string, handle: QuickJSHandle): unknown => {
    if (letter === "n") return context.getNumber(handle)
    if (letter === "s") return context.getString(handle)
    return context.getArrayBuffer(handle).value
  }
  const given = (value: unknown): QuickJSHandle => {
    if (typeof value === "string") {
      if (value.includes("\0")) throw new Error("U+0000 cannot cross.")
      return context.newString(value)
    }
    if (typeof value === "number") return context.newNumber(value)
    if (typeof value === "boolean") return context.newNumber(value ? 1 : 0)
    if (value instanceof Uint8Array)
      return context.newArrayBuffer(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) as ArrayBuffer)
    return context.undefined
  }
  const refused = (error: unknown): { error: QuickJSHandle } => {
    if (!(error instanceof GuestError)) throw error
    return { error: context.newError({ name: error.name, message: error.message }) }
  }
  const set = (name: string, handle: QuickJSHandle): void => context.setProp(context.global, name, handle)
  const evaluate = (code: string): void => {
    const result = context.evalCode(code)
    if (result.error !== undefined) throw new Error(JSON.stringify(context.dump(result.error)))
    result.value.dispose()
    pump()
  }
  const pump = (): void => {
    while (context.runtime.hasPendingJob()) context.unwrapResult(context.runtime.executePendingJobs())
  }

  evaluate(`globalThis.__ops = ${JSON.stringify(Object.keys(table))}`)
  set(
    "__call",
    context.newFunction("__call", (number, ...args) => {
      const op = ops[context.getNumber(number)] as HostFunction
      try {
        return given(op.run(...([...op.takes].map((letter, i) => argument(letter, args[i]!)) as never)))
      } catch (error) {
        return refused(error)
      }
    }),
  )
  set(
    "__start",
    context.newFunction("__start", (number, id, ...args) => {
      const op = ops[context.getNumber(number)] as HostTask
      const task = context.getNumber(id)
      const settle = (ok: boolean, text: string, bytes: Uint8Array | undefined): void => {
        if (!context.alive) return
        const entry = context.getProp(context.global, "__test")
        const fn = context.getProp(entry, "settle")
        context
          .unwrapResult(
            context.callFunction(
              fn,
              context.undefined,
              context.newNumber(task),
              ok ? context.true : context.false,
              given(text),
              given(bytes),
            ),
          )
          .dispose()
        pump()
      }
      const start = op.start as (...args: ReadonlyArray<unknown>) => Promise<HostAnswer>
      start(...[...op.takes].map((letter, i) => argument(letter, args[i]!))).then(
        ({ text, bytes }) => settle(true, text, bytes),
        (error: GuestError) => settle(false, JSON.stringify({ name: error.name, message: error.message, code: error.code }), undefined),
      )
      return context.undefined
    }),
  )
  evaluate(prelude)
  evaluate("__test.beginRequest()")

  let runs = 0
  const run = (body: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const name = `__done${++runs}`
      set(
        name,
        context.newFunction(name, (ok, text) => {
          const value = context.getString(text)
          if (context.dump(ok)) resolve(value === "undefined" ? undefined : JSON.parse(value))
          else reject(new Error(value))
        }),
      )
      evaluate(
        `(async () => { ${body} })().then((value) => ${name}(true, String(JSON.stringify(value))), (error) => ${name}(false, error instanceof Error ? error.name + ": " + error.message + "\\n" + error.stack : String(error)))`,
      )
    })
  return { run, evaluate, lines, abort: () => controller.abort(), context }
}

const noNetwork: HostTask = {
  kind: "async",
  takes: "sb",
  start: () => Promise.reject(new GuestError("There is no network.", { name: "TypeError", code: "NET_ERROR" })),
}

/** The same code in Node itself, whose classes follow the same standards. */
export const runInNode = async (body: string): Promise<unknown> => {
  const text = JSON.stringify(await new AsyncFunction(body)())
  return text === undefined ? undefined : JSON.parse(text)
}

const AsyncFunction = (async () => {}).constructor as new (body: string) => () => Promise<unknown>
