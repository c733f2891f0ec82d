import { parentPort, workerData } from "node:worker_threads"
import { makeWriter } from "./writer.ts"
import { answerPort, encodeCommitted, type ToWriter, type WriterThreadOptions } from "./writerPort.ts"

/** The writer thread: the writer behind message ports, the first of which belongs to the thread that started it. */
const port = parentPort!
const options = workerData as WriterThreadOptions

const writer = makeWriter({
  ...options,
  now: Date.now,
  onCommitted: (committed) => port.postMessage({ committed: encodeCommitted(committed) }),
  onRebuild: (rebuild) => port.postMessage({ rebuild }),
})

port.on("message", (message: ToWriter) => {
  if ("connect" in message) answerPort(message.connect, writer)
  if ("close" in message) {
    writer.close()
    // After the last replies have gone. Ports given to other threads would keep this one alive; `exit` ends a worker thread only.
    queueMicrotask(() => process.exit())
  }
})
answerPort(port, writer)
port.postMessage({ ready: { readOnly: writer.readOnly } })
