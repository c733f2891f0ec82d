import { Worker } from "node:worker_threads"
import { guestFile, threadUrl } from "../resources.ts"
import type { Engine } from "./blank.ts"

let shared: Promise<Engine> | undefined

/**
 * The engine of this process, made when it is first asked for. That takes some tenths of a second, for which the edge cannot wait, so
 * it is done in a thread that ends with it.
 */
export const sharedEngine = (): Promise<Engine> => {
  if (shared !== undefined) return shared
  const made = new Promise<Engine>((resolve, reject) => {
    // From the sources, what is asked for first is built: here, so that no thread finds that it is to do so.
    guestFile("quickjs.wasm")
    const worker = new Worker(threadUrl("runtime/engineThread"), { name: "fazt-engine" })
    worker.once("message", resolve)
    worker.once("error", reject)
    worker.once("exit", (code) => reject(new Error(`The thread that compiles the engine has ended with code ${code}.`)))
    worker.unref()
  })
  shared = made
  made.catch(() => {
    shared = undefined
  })
  return made
}
