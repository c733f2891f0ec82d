import { connect, type Socket } from "node:net"
import { parentPort, Worker, workerData } from "node:worker_threads"
import { nowMs } from "./report.ts"

/** A load generator that costs little: raw sockets, one request in flight on each, in a thread of its own. */
export interface Load {
  readonly port: number
  /** Whole requests, sent in turn. */
  readonly requests: ReadonlyArray<string>
  readonly connections: number
  readonly ms: number
  /**
   * Requests a second; without it each connection sends its next as soon as it has its answer. Latencies then count from when a
   * request was due, so that one that had to wait for a free connection counts its wait.
   */
  readonly perSecond?: number
  /** Puts a number that goes up from this one in place of `%n`. */
  readonly numberFrom?: number
}

export interface LoadResult {
  readonly requests: number
  /** Answers of 400 and above, and connections that broke. */
  readonly errors: number
  readonly seconds: number
  readonly latencies: ReadonlyArray<number>
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  /** How much of one processor the generator itself took, from 0 to 1: near 1, it is what limits. */
  readonly busy: number
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
  const fields = text.slice(0, head)
  const length = /\r\ncontent-length: (\d+)/i.exec(fields)
  if (length === null && /\r\ntransfer-encoding:/i.test(fields)) throw new Error("The load generator cannot read chunked responses.")
  const end = head + 4 + Number(length?.[1] ?? 0)
  return text.length < end ? undefined : { end, status: Number(text.slice(9, 12)) }
}

/** How long after the end a paced load waits for answers that are still to come. */
const patienceMs = 20_000

const generate = ({ port, requests, connections, ms, perSecond, numberFrom }: Load): void => {
  const latencies: Array<number> = []
  const statuses: Record<string, number> = {}
  let errors = 0
  let number = numberFrom ?? 0
  const started = nowMs()
  const cpu = process.threadCpuUsage()
  const until = started + ms
  const sockets = new Set<Socket>()

  /** Moments at which requests were due that still wait for a connection, and connections that have nothing to do. */
  const due: Array<number> = []
  const idle = new Map<Socket, (since: number) => void>()
  let made = 0
  const nextDue = (): number => started + (made * 1000) / perSecond!
  const pace = (): void => {
    const now = nowMs()
    for (; nextDue() <= Math.min(now, until); made++) due.push(nextDue())
    for (const [socket, send] of idle) {
      if (due.length === 0) break
      idle.delete(socket)
      send(due.shift()!)
    }
    const isDone = due.length === 0 && idle.size === sockets.size
    if (now < until || (!isDone && now < until + patienceMs)) return
    errors += due.length + sockets.size - idle.size
    finish()
  }
  const pacing = perSecond === undefined ? undefined : setInterval(pace, 1)

  let isOver = false
  const finish = (): void => {
    isOver = true
    clearInterval(pacing)
    for (const socket of sockets) socket.destroy()
    const { user, system } = process.threadCpuUsage(cpu)
    const seconds = (nowMs() - started) / 1000
    const busy = (user + system) / 1e6 / seconds
    parentPort!.postMessage({ requests: latencies.length, errors, seconds, latencies, statuses, busy } satisfies LoadResult)
  }

  const open = (c: number): void => {
    const socket = connect(port, "127.0.0.1").setNoDelay().setEncoding("latin1")
    sockets.add(socket)
    let next = c
    let sentAt: number | undefined
    let received = ""
    const send = (since: number): void => {
      sentAt = since
      const request = requests[next++ % requests.length]!
      socket.write(numberFrom === undefined ? request : request.replace("%n", String(number++)))
    }
    const goOn = (): void => {
      if (pacing === undefined) send(nowMs())
      else if (due.length > 0) send(due.shift()!)
      else idle.set(socket, send)
    }
    socket.on("connect", goOn)
    socket.on("data", (data: string) => {
      received += data
      const response = responseEnd(received)
      if (response === undefined) return
      received = received.slice(response.end)
      const now = nowMs()
      latencies.push(now - sentAt!)
      sentAt = undefined
      statuses[response.status] = (statuses[response.status] ?? 0) + 1
      if (response.status >= 400) errors++
      if (now < until || pacing !== undefined) goOn()
      else socket.destroy()
    })
    socket.on("error", () => {
      if (sentAt === undefined) errors++
    })
    socket.on("close", () => {
      sockets.delete(socket)
      idle.delete(socket)
      if (sentAt !== undefined && !isOver) errors++
      if (pacing !== undefined && nowMs() < until) open(c)
      else if (pacing === undefined && sockets.size === 0) finish()
    })
  }
  for (let c = 0; c < connections; c++) open(c)
}

if (workerData !== null && typeof workerData === "object" && "connections" in workerData) generate(workerData as Load)
