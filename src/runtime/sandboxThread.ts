import { parentPort, workerData } from "node:worker_threads"
import { kernelThread } from "./cpuClock.ts"
import type { SandboxThreadOptions, ToSandbox } from "./messages.ts"
import { sandboxes } from "./sandboxes.ts"

const thread = sandboxes(workerData as SandboxThreadOptions, (message) => parentPort!.postMessage(message))

parentPort!.on("message", (message: ToSandbox) => thread.receive(message))

thread.warmUp()
parentPort!.postMessage({ ready: { thread: kernelThread() } })
