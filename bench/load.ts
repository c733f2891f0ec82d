import { connect } from "node:net"
import { parentPort, Worker, workerData } from "node:worker_threads"
import { nowMs } from "./report.ts"

/** A load generator that costs little: raw sockets, one request in flight on each, in a thread of its own. */
export interface Load {
  readonly port: number
  /** Whole requests, sent in turn. */
  readonly requests: ReadonlyArray<string>
  readonly connections: number
  readonly ms: number
}

export interface LoadResult {
  readonly requests: number
  readonly errors: number
  readonly seconds: number
  readonly latencies: ReadonlyArray<number>
}

export const load = (options: Load): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: options })
    worker.once("message", resolve)
    worker.once("error", reject)
  })

/** Where the response at the start of the buffer ends, and its status; nothing while it is incomplete. */
const responseEnd = (text: string): { readonly end: number; readonly status: number } | undefined => {
  const head = text.indexOf("\r\n\r\n")
  if (head === -1) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))
  const end = head + 4 + Number(length?.[1] ?? 0)
  return text.length < end ? undefined : { end, status: Number(text.slice(9, 12)) }
}

const generate = ({ port, requests, connections, ms }: Load): void => {
  const latencies: Array<number> = []
  let errors = 0
  let open = connections
  const started = nowMs()
  const until = started + ms
  const finish = (): void => {
    if (--open > 0) return
    parentPort!.postMessage({ requests: latencies.length, errors, seconds: (nowMs() - started) / 1000, latencies } satisfies LoadResult)
  }
  for (let c = 0; c < connections; c++) {
    const socket = connect(port, "127.0.0.1").setNoDelay().setEncoding("latin1")
    let next = c
    let sentAt = 0
    let received = ""
    const send = (): void => {
      sentAt = nowMs()
      socket.write(requests[next++ % requests.length]!)
    }
    socket.on("connect", send)
    socket.on("data", (data: string) => {
      received += data
      const response = responseEnd(received)
      if (response === undefined) return
      received = received.slice(response.end)
      const now = nowMs()
      latencies.push(now - sentAt)
      if (response.status >= 400) errors++
      if (now >= until) socket.destroy()
      else send()
    })
    socket.on("error", () => errors++)
    socket.on("close", finish)
  }
}

if (workerData !== null && typeof workerData === "object" && "connections" in workerData) generate(workerData as Load)
