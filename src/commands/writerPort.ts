import type { MessagePort, Transferable } from "node:worker_threads"
import * as Schema from "effect/Schema"
import type { Appended } from "../events/EventLog.ts"
import type { RebuildProgress } from "../projections/projector.ts"
import { decodeRequest, type SentRequest, unitOfText } from "./unitText.ts"
import type { Writer, WriterOptions } from "./writer.ts"
import { type Committed, WriterError, type WriterReply, type WriterRequest } from "./writerRequest.ts"

/** What a writer thread is started with. */
export type WriterThreadOptions = Pick<WriterOptions, "path" | "migrations" | "release" | "masterKey" | "holder" | "meter">

/** To the writer thread. A port given by `connect` speaks requests and replies only. */
export type ToWriter = { readonly requests: Requests } | { readonly connect: MessagePort } | { readonly close: true }

/** From the writer thread. Errors cross as their encoded form, since a class does not survive the way. */
export type FromWriter =
  | { readonly replies: Replies }
  | { readonly committed: EncodedCommitted }
  | { readonly rebuild: RebuildProgress }
  | { readonly ready: { readonly readOnly: Writer["readOnly"] } }

/** An id and what is asked under it, in turn. A text is an encoded unit without blobs. Flat, since a message costs what its objects cost. */
type Requests = ReadonlyArray<number | string | SentRequest>

/** An id and its reply, in turn. Two numbers are the first and the last seq of an append. */
type Replies = ReadonlyArray<number | EncodedReply>

/** Seq, type and stream of each event, in turn. */
interface EncodedCommitted {
  readonly events: ReadonlyArray<number | string>
  readonly variants: Committed["variants"]
}

type EncodedReply =
  | { readonly ok: true; readonly value: unknown; readonly progress?: true }
  | { readonly ok: false; readonly error: typeof WriterError.Encoded }
  | { readonly ok: false; readonly defect: unknown }

const encodeError = Schema.encodeSync(WriterError)
const decodeError = Schema.decodeSync(WriterError)

const encodeReply = (reply: WriterReply): EncodedReply =>
  !reply.ok && "error" in reply ? { ok: false, error: encodeError(reply.error) } : reply

const decodeReply = (reply: EncodedReply): WriterReply =>
  !reply.ok && "error" in reply ? { ok: false, error: decodeError(reply.error) } : reply

export const encodeCommitted = ({ events, variants }: Committed): EncodedCommitted => {
  const flat: Array<number | string> = []
  for (const { seq, type, stream } of events) flat.push(seq, type, stream)
  return { events: flat, variants }
}

export const decodeCommitted = ({ events: flat, variants }: EncodedCommitted): Committed => {
  const events: Array<Committed["events"][number]> = []
  for (let i = 0; i < flat.length; i += 3) {
    events.push({ seq: flat[i] as number, type: flat[i + 1] as string, stream: flat[i + 2] as string })
  }
  return { events, variants }
}

/** Serves requests that come in over a port. */
export const answerPort = (port: Pick<MessagePort, "on" | "postMessage">, writer: Pick<Writer, "submit">): void => {
  const replies = together<number | EncodedReply>((all) => port.postMessage({ replies: all } satisfies FromWriter))
  const answer = (id: number, reply: WriterReply): void => {
    replies(id)
    if (reply.ok && isFreshAppend(reply.value)) {
      replies(reply.value.first)
      replies(reply.value.last)
    } else replies(encodeReply(reply))
  }
  port.on("message", (message: ToWriter) => {
    if (!("requests" in message)) return
    const { requests } = message
    for (let i = 0; i < requests.length; i += 2) {
      const id = requests[i] as number
      const request = requests[i + 1] as string | SentRequest
      writer.submit(typeof request === "string" ? unitOfText(request, []) : decodeRequest(request), (reply) => answer(id, reply))
    }
  })
}

const isFreshAppend = (value: unknown): value is Appended =>
  typeof value === "object" && value !== null && "repeated" in value && value.repeated === false

/** What comes in one turn goes in one message: a message costs more than what is in it. */
const together = <A>(send: (all: ReadonlyArray<A>) => void): ((one: A) => void) => {
  let waiting: Array<A> = []
  return (one) => {
    waiting.push(one)
    if (waiting.length > 1) return
    queueMicrotask(() => {
      const all = waiting
      waiting = []
      send(all)
    })
  }
}

/** Sends requests over a port and matches the replies to them. */
export const requestPort = (port: { readonly postMessage: (message: ToWriter, transfer: ReadonlyArray<Transferable>) => void }) => {
  const waiting = new Map<number, (reply: WriterReply) => void>()
  let next = 0
  let gone: { readonly defect: unknown } | undefined
  const post = together<Requests[number]>((requests) => port.postMessage({ requests }, transferables(requests)))
  return {
    submit: (request: SentRequest, reply: (reply: WriterReply) => void): void => {
      if (gone !== undefined) return reply({ ok: false, defect: gone.defect })
      const id = next++
      waiting.set(id, reply)
      post(id)
      post(request.kind === "encodedUnit" && request.blobs.length === 0 ? request.text : request)
    },
    receive: (replies: Replies): void => {
      for (let i = 0; i < replies.length; ) {
        const id = replies[i++] as number
        const given = replies[i++]!
        const reply: WriterReply =
          typeof given === "number"
            ? { ok: true, value: { first: given, last: replies[i++] as number, repeated: false } satisfies Appended }
            : decodeReply(given)
        const waiter = waiting.get(id)
        if (!(reply.ok && reply.progress === true)) waiting.delete(id)
        waiter?.(reply)
      }
    },
    /** Answers everybody who still waits: the writer is gone. */
    fail: (defect: unknown): void => {
      gone ??= { defect }
      for (const waiter of waiting.values()) waiter({ ok: false, defect })
      waiting.clear()
    },
  }
}

/** Bytes that own their whole buffer move to the writer; slices of a shared one are copied. */
const transferables = (requests: Requests): ReadonlyArray<Transferable> => {
  const all: Array<Transferable> = []
  for (const request of requests) {
    if (typeof request !== "object") continue
    const bytes = request.kind === "putBlobs" ? request.blobs : request.kind === "putChunk" ? [request.bytes] : []
    for (const { buffer, byteOffset, byteLength } of bytes) {
      if (byteOffset === 0 && byteLength === buffer.byteLength && byteLength > 0) all.push(buffer as ArrayBuffer)
    }
  }
  return all
}

/** A writer at the other end of a port, for threads that use promises. Rejects with the error that the request was refused with. */
export const portAsk = (port: MessagePort): ((request: WriterRequest) => Promise<unknown>) => {
  const requests = requestPort({ postMessage: (message, transfer) => port.postMessage(message, transfer as Array<Transferable>) })
  port.on("message", (message: FromWriter) => {
    if ("replies" in message) requests.receive(message.replies)
  })
  // A process that has nothing else to do may end.
  port.unref()
  port.on("close", () => requests.fail(new Error("The writer is gone.")))
  return (request) =>
    new Promise((resolve, reject) => {
      requests.submit(request, (reply) => {
        if (!reply.ok) reject("error" in reply ? reply.error : reply.defect)
        else if (reply.progress !== true) resolve(reply.value)
      })
    })
}
