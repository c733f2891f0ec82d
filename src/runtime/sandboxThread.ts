import { parentPort, workerData } from "node:worker_threads"
import { kernelThread } from "./cpuClock.ts"
import type { EngineMade, SandboxThreadOptions, ToSandbox } from "./messages.ts"
import { sandboxes } from "./sandboxes.ts"

let thread: ReturnType<typeof sandboxes> | undefined
/** Settings may change while the engine is still being made. */
const early: Array<ToSandbox> = []

parentPort!.on("message", (message: ToSandbox | EngineMade) => {
  if ("engine" in message) begin(message)
  else if (thread === undefined) early.push(message)
  else thread.receive(message)
})

const begin = ({ engine }: EngineMade): void => {
  const begun = sandboxes({ ...(workerData as SandboxThreadOptions), engine }, (message) => parentPort!.postMessage(message))
  thread = begun
  for (const message of early.splice(0)) begun.receive(message)
  parentPort!.postMessage({ ready: { thread: kernelThread() } })
  // What the thread was started for comes first.
  setTimeout(begun.warmUp, 100)
}
