import { parentPort } from "node:worker_threads"

/** A writer thread that says it is ready and dies at the first request. */
parentPort!.postMessage({ ready: { readOnly: undefined } })
parentPort!.on("message", (message) => {
  if ("requests" in message) throw new Error("out of memory, or the like")
})
