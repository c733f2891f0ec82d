import { hash } from "node:crypto"
import { readFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { guestFile } from "../../resources.ts"
import { wasmSha256 } from "./abi.ts"
import { Guest, type Layout } from "./guest.ts"

/** The compiled engine: made once for a process, and handed to its threads. */
export const compileEngine = (): WebAssembly.Module => {
  // V8 compiles a function well once it has run for a while; its own measure of that takes ten thousand requests to be reached.
  setFlagsFromString("--wasm-tiering-budget=100000")
  const bytes = readFileSync(guestFile("quickjs.wasm"))
  if (hash("sha256", bytes, "hex") !== wasmSha256)
    throw new Error("dist/guest/quickjs.wasm is not the QuickJS that this release was made for.")
  return new WebAssembly.Module(bytes)
}

/** How much of the stack code inside may use. The thread's own stack has to be larger (`stackSizeMb`). */
export const guestStackBytes = 256 * 1024

export const newContext = (guest: Guest): { readonly rt: number; readonly ctx: number } => {
  const rt = guest.exports.newRuntime()
  guest.exports.setMaxStackSize(rt, guestStackBytes)
  guest.exports.enableInterruptHandler(rt)
  guest.exports.enableModuleLoader(rt, 1)
  return { rt, ctx: guest.exports.newContext(rt, 0) }
}

/**
 * Finds where this build keeps the allocator's bounds and the interrupt counter, by watching a scratch instance: the two static
 * words that jump when a megabyte is allocated, and the word of a context that falls by as many as an empty loop has turns.
 */
export const findLayout = (module: WebAssembly.Module): Layout => {
  const guest = new Guest(module, 32 * 1024 * 1024)
  const { ctx } = newContext(guest)
  guest.malloc(1000)
  const statics = (): Int32Array => new Int32Array(guest.memory.buffer, 0, guest.dataEnd >> 2).slice()
  const before = statics()
  const megabyte = 1024 * 1024
  const chunk = guest.malloc(megabyte)
  const after = statics()
  const moved = [...after.keys()].filter((i) => i >= 256 && after[i] !== before[i] && after[i]! >>> 0 >= chunk + megabyte)
  moved.sort((a, b) => after[b]! - after[a]!)
  if (moved.length !== 2) throw new Error(`The allocator's bounds are not where they are looked for (${moved.length} candidates).`)

  const contextWords = 256
  const afterLoop = (turns: number): Int32Array => {
    guest.evaluate(ctx, `for (var i = 0; i < ${turns}; i++);`, "probe.js")
    return new Int32Array(guest.memory.buffer, ctx, contextWords).slice()
  }
  const [a, b, c] = [afterLoop(10), afterLoop(1000), afterLoop(3000)]
  const counters = [...a.keys()].filter((i) => {
    const [first, second] = [a[i]! - b[i]!, b[i]! - c[i]!]
    return first >= 1000 && first < 4000 && second / first > 2.9 && second / first < 3.1
  })
  if (counters.length !== 1) throw new Error(`The interrupt counter is not where it is looked for (${counters.length} candidates).`)
  return { brk: moved[0]! * 4, top: moved[1]! * 4, interruptCounter: counters[0]! * 4 }
}
