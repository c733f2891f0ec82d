import { readFileSync } from "node:fs"
import { guestFile } from "../resources.ts"
import { hostTable } from "./bindings/all.ts"
import type { EngineHost } from "./bindings/engine.ts"
import { evalFlags, stripAll, stripOffset } from "./engine/abi.ts"
import { compileEngine, findLayout, newContext } from "./engine/engine.ts"
import { Guest, type Layout } from "./engine/guest.ts"
import { callId, startId } from "./hostCalls.ts"
import { type Blank, takeBlank } from "./image.ts"

/** The compiled engine, and what every sandbox begins with: made once for a process, and given to its threads. */
export interface Engine {
  readonly module: WebAssembly.Module
  readonly layout: Layout
  readonly blank: Blank
}

export const makeEngine = (): Engine => {
  const module = compileEngine()
  const layout = findLayout(module)
  return { module, layout, blank: makeBlank(module, layout) }
}

/** Nothing calls the host before there is a program. */
const nobody = (): never => {
  throw new Error("No request runs in this sandbox.")
}

/** Evaluates the prelude in a guest, with no user code. */
const makeBlank = (module: WebAssembly.Module, layout: Layout): Blank => {
  const guest = new Guest(module, 32 * 1024 * 1024)
  const { rt, ctx } = newContext(guest)
  const { exports } = guest
  const global = exports.getGlobal(ctx)
  const evaluate = (code: string, file: string): number => {
    const value = guest.evaluate(ctx, code, file, evalFlags.script)
    const thrown = guest.thrown(ctx, value)
    if (thrown !== undefined) throw new Error(`The prelude cannot be evaluated: ${thrown}`)
    return value
  }
  const operations = Object.keys(hostTable(nobody, {} as EngineHost))
  guest.setProperty(ctx, global, "__ops", evaluate(JSON.stringify(operations), "ops.js"))
  for (const [name, id] of [
    ["__call", callId],
    ["__start", startId],
  ] as const) {
    guest.setProperty(ctx, global, name, exports.newFunction(ctx, guest.cString(name), 0, 0, id))
  }
  // Nobody reads the prelude's source: without it, its functions take half the memory.
  guest.bytes[rt + stripOffset] = stripAll
  evaluate(readFileSync(guestFile("prelude.js"), "utf8"), "prelude.js")
  guest.bytes[rt + stripOffset] = 0
  const entry = guest.property(ctx, global, "__fazt")
  const [dispatch, settle] = [guest.property(ctx, entry, "dispatch"), guest.property(ctx, entry, "settle")]
  const job = guest.malloc(8)
  while (exports.isJobPending(rt) !== 0) exports.executePendingJob(rt, -1, job)
  return takeBlank(guest, layout.top, { rt, ctx, dispatch, settle, job })
}
