import type { MessagePort, Transferable } from "node:worker_threads"
import * as Schema from "effect/Schema"
import type { RebuildProgress } from "../projections/projector.ts"
import type { Writer, WriterOptions } from "./writer.ts"
import { type Committed, WriterError, type WriterReply, type WriterRequest } from "./writerRequest.ts"

/** What a writer thread is started with. */
export type WriterThreadOptions = Pick<WriterOptions, "path" | "migrations" | "release" | "masterKey" | "holder">

/** To the writer thread. A port given by `connect` speaks requests and replies only. */
export type ToWriter =
  | { readonly requests: ReadonlyArray<{ readonly id: number; readonly request: WriterRequest }> }
  | { readonly connect: MessagePort }
  | { readonly close: true }

/** From the writer thread. Errors cross as their encoded form, since a class does not survive the way. */
export type FromWriter =
  | { readonly replies: ReadonlyArray<Reply> }
  | { readonly committed: Committed }
  | { readonly rebuild: RebuildProgress }
  | { readonly ready: { readonly readOnly: Writer["readOnly"] } }

interface Reply {
  readonly id: number
  readonly reply: EncodedReply
}

type EncodedReply =
  | { readonly ok: true; readonly value: unknown; readonly progress?: true }
  | { readonly ok: false; readonly error: typeof WriterError.Encoded }
  | { readonly ok: false; readonly defect: unknown }

const encodeError = Schema.encodeSync(WriterError)
const decodeError = Schema.decodeSync(WriterError)

const encodeReply = (reply: WriterReply): EncodedReply =>
  !reply.ok && "error" in reply ? { ok: false, error: encodeError(reply.error) } : reply

export const decodeReply = (reply: EncodedReply): WriterReply =>
  !reply.ok && "error" in reply ? { ok: false, error: decodeError(reply.error) } : reply

/** Serves requests that come in over a port. */
export const answerPort = (port: Pick<MessagePort, "on" | "postMessage">, writer: Pick<Writer, "submit">): void => {
  const post = together<Reply>((replies) => port.postMessage({ replies } satisfies FromWriter))
  port.on("message", (message: ToWriter) => {
    if (!("requests" in message)) return
    for (const { id, request } of message.requests) writer.submit(request, (reply) => post({ id, reply: encodeReply(reply) }))
  })
}

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
  const post = together<{ readonly id: number; readonly request: WriterRequest }>((requests) =>
    port.postMessage(
      { requests },
      requests.flatMap(({ request }) => transferable(request)),
    ),
  )
  return {
    submit: (request: WriterRequest, reply: (reply: WriterReply) => void): void => {
      if (gone !== undefined) return reply({ ok: false, defect: gone.defect })
      const id = next++
      waiting.set(id, reply)
      post({ id, request })
    },
    receive: (replies: ReadonlyArray<Reply>): void => {
      for (const { id, reply: encoded } of replies) {
        const reply = decodeReply(encoded)
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
const transferable = (request: WriterRequest): ReadonlyArray<Transferable> => {
  const bytes = request.kind === "putBlobs" ? request.blobs : request.kind === "putChunk" ? [request.bytes] : []
  return bytes
    .filter((part) => part.byteOffset === 0 && part.byteLength === part.buffer.byteLength && part.byteLength > 0)
    .map((part) => part.buffer as ArrayBuffer)
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
