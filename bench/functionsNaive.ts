import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { getQuickJS, type QuickJSContext, type QuickJSHandle } from "quickjs-emscripten"
import { guestFile, version } from "../src/resources.ts"
import { hostTable } from "../src/runtime/bindings/all.ts"
import { readAnswer } from "../src/runtime/guestAnswer.ts"
import type { HostResult, Invocation } from "../src/runtime/host.ts"
import { programCode } from "../src/runtime/program.ts"
import { programOf } from "./functionHost.ts"

/**
 * A server that isolates requests the plain way: each gets a new context, in which the same prelude and the code are evaluated.
 * A program of its own (`fork`): it is sent the code and answers with its port.
 */

interface Answer {
  readonly meta: string
  readonly body: string | ArrayBuffer
}

const serve = async (code: string): Promise<void> => {
  const quickjs = await getQuickJS()
  const script = readFileSync(guestFile("prelude.js"), "utf8")
  let answer: Answer | undefined
  const failed = (error: string): never => {
    throw new Error(error)
  }
  const table = hostTable(() => ({ log: () => {} }) as unknown as Invocation, {
    answer: (meta, body) => {
      answer = { meta, body: body as string | ArrayBuffer }
      return undefined
    },
    finished: () => undefined,
    failed,
    uncaught: failed,
    fetchNow: failed,
    code: () => programCode(programOf(code)),
  })
  const names = Object.keys(table)

  const handleOf = (vm: QuickJSContext, result: HostResult): QuickJSHandle => {
    if (typeof result === "string") return vm.newString(result)
    if (typeof result === "number" || typeof result === "boolean") return vm.newNumber(Number(result))
    return result === undefined ? vm.undefined : vm.newArrayBuffer(new Uint8Array(result).buffer)
  }

  const run = (method: string, url: string, headers: string): Answer => {
    answer = undefined
    using vm = quickjs.newContext()
    const evaluate = (text: string, file: string, type: "global" | "module" = "global"): QuickJSHandle =>
      vm.unwrapResult(vm.evalCode(text, file, { type }))
    const call = (op: QuickJSHandle, ...args: ReadonlyArray<QuickJSHandle>): QuickJSHandle => {
      const entry = table[names[vm.getNumber(op)]!]!
      if (entry.kind !== "sync") throw new Error("It answers later.")
      const { takes, run: host } = entry
      const given = args.map((arg, i) => {
        if (takes[i] === "n") return vm.getNumber(arg)
        if (takes[i] === "s") return vm.getString(arg)
        return vm.typeof(arg) === "object" ? vm.getArrayBuffer(arg).value.slice().buffer : undefined
      })
      return handleOf(vm, host(...(given as never)))
    }
    vm.newFunction("__call", call).consume((fn) => vm.setProp(vm.global, "__call", fn))
    vm.newFunction("__start", () => {}).consume((fn) => vm.setProp(vm.global, "__start", fn))
    evaluate(`__ops = ${JSON.stringify(names)}`, "ops.js").dispose()
    evaluate(script, "prelude.js").dispose()
    evaluate(code, "main.js", "module").consume((program) => vm.setProp(vm.global, "__program", program))
    const app = JSON.stringify({ site: "bench", version })
    evaluate(`__dispatch = __fazt.dispatch; __fazt.startModule(__program); __fazt.freeze(${app})`, "start.js").dispose()
    evaluate(`__dispatch(${[method, url, headers].map((part) => JSON.stringify(part)).join(", ")}, undefined)`, "call.js").dispose()
    vm.unwrapResult(vm.runtime.executePendingJobs())
    if (answer === undefined) throw new Error("The code has not answered.")
    return answer
  }

  const server = createServer((req, res) => {
    const headers = req.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text))
    const { meta, body } = run(req.method!, `http://${req.headers.host}${req.url}`, headers.join("\n"))
    const { status, headers: given } = readAnswer(meta)!
    const bytes = Buffer.from(body as string)
    res.writeHead(status, [...given, "content-length", String(bytes.length)])
    res.end(bytes)
  })
  // What does not run at all is known before anybody waits for an answer.
  run("GET", "http://localhost/", "host\nlocalhost")
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as { readonly port: number }).port))
}

process.once("message", (code: string) => void serve(code))
