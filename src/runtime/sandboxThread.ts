import { parentPort, workerData } from "node:worker_threads"
import { kernelThread } from "./cpuClock.ts"
import type { EngineMade, SandboxThreadOptions, ToSandbox } from "./messages.ts"
import { sandboxes } from "./sandboxes.ts"

parentPort!.once("message", ({ engine }: EngineMade) => {
  const thread = sandboxes({ ...(workerData as SandboxThreadOptions), engine }, (message) => parentPort!.postMessage(message))
  parentPort!.on("message", (message: ToSandbox) => thread.receive(message))
  parentPort!.postMessage({ ready: { thread: kernelThread() } })
  // What the thread was started for comes first.
  setTimeout(thread.warmUp, 100)
})
