import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { CartridgeUnusable, type Migration } from "../events/cartridge.ts"
import { CartridgeLocked } from "../events/lock.ts"
import type { RebuildProgress } from "../projections/projector.ts"
import { decodeRequest, type SentRequest } from "./unitText.ts"
import { makeWriter, type Writer } from "./writer.ts"
import { type WriterStats, writerMeter } from "./writerMeter.ts"
import { answerPort, decodeCommitted, type FromWriter, requestPort, type ToWriter, type WriterThreadOptions } from "./writerPort.ts"
import type { Committed, WriterError, WriterReply, WriterRequest } from "./writerRequest.ts"

/** The cartridge's one writer, in a thread of its own or (for tests and short commands) in this one. */
export class CartridgeWriter extends Context.Tag("fazt/CartridgeWriter")<
  CartridgeWriter,
  {
    /** Answered after the commit that holds it. `onProgress` hears of a rebuild's steps. */
    readonly request: (request: WriterRequest, onProgress?: (step: RebuildProgress) => void) => Effect.Effect<unknown, WriterError>
    /** The same without Effect, for hot paths: calls back with every reply. */
    readonly submit: (request: SentRequest, reply: (reply: WriterReply) => void) => void
    /** A port for another thread, over which it can send requests by itself (`writerPort.ts`). */
    readonly connect: () => MessagePort
    /** Calls back, synchronously and in order, for each commit: before those who asked for it are answered. */
    readonly onCommitted: (listener: (committed: Committed) => void) => Effect.Effect<void, never, Scope.Scope>
    /** Why the log must not be written to, if it must not. */
    readonly readOnly: Writer["readOnly"]
    /** What the writer has done so far, without asking it. */
    readonly stats: () => WriterStats
    /** Fails when the writer has died. */
    readonly died: Effect.Effect<never, Error>
  }
>() {}

export interface WriterConfig extends WriterThreadOptions {
  readonly migrations: ReadonlyArray<Migration>
  readonly onRebuild: (progress: RebuildProgress) => void
}

type Submit = (request: SentRequest, reply: (reply: WriterReply) => void) => void

const make = (
  submit: Submit,
  rest: Omit<Context.Tag.Service<CartridgeWriter>, "request" | "submit" | "onCommitted">,
  listeners: Set<(committed: Committed) => void>,
): Context.Tag.Service<CartridgeWriter> => ({
  ...rest,
  submit,
  request: (request, onProgress) =>
    Effect.async((resume) => {
      submit(request, (reply) => {
        if (!reply.ok) resume("error" in reply ? Effect.fail(reply.error) : Effect.die(reply.defect))
        else if (reply.progress === true) onProgress?.(reply.value as RebuildProgress)
        else resume(Effect.succeed(reply.value))
      })
    }),
  onCommitted: (listener) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        listeners.add(listener)
      }),
      () =>
        Effect.sync(() => {
          listeners.delete(listener)
        }),
    ),
})

/** Fails with what makes the cartridge unusable; anything else is a defect. */
const startError = (cause: unknown) => {
  const error = cause as Error
  if (error?.name === "CartridgeLocked") return new CartridgeLocked(error.message)
  if (error?.name === "CartridgeUnusable") return new CartridgeUnusable(error.message)
  return undefined
}

const asStartFailure = (cause: unknown): Effect.Effect<never, CartridgeLocked | CartridgeUnusable> => {
  const error = startError(cause)
  return error === undefined ? Effect.die(cause) : Effect.fail(error)
}

/** The writer in this thread. */
export const layerInProcess = (config: WriterConfig): Layer.Layer<CartridgeWriter, CartridgeLocked | CartridgeUnusable> =>
  Layer.scoped(
    CartridgeWriter,
    Effect.gen(function* () {
      const listeners = new Set<(committed: Committed) => void>()
      const { memory, stats } = writerMeter()
      const start = Effect.try({
        try: () =>
          makeWriter({
            ...config,
            meter: memory,
            now: Date.now,
            onCommitted: (committed) => {
              for (const listener of listeners) listener(committed)
            },
          }),
        catch: (cause) => cause,
      })
      const core = yield* Effect.acquireRelease(Effect.catchAll(start, asStartFailure), (writer) => Effect.sync(writer.close))
      const connect = () => {
        const { port1, port2 } = new MessageChannel()
        answerPort(port1, core)
        port1.unref()
        return port2
      }
      const submit: Submit = (request, reply) => core.submit(decodeRequest(request), reply)
      return make(submit, { connect, readOnly: core.readOnly, stats, died: Effect.never }, listeners)
    }),
  )

/** The writer in a thread of its own, at `thread`. */
export const layerThread = (config: WriterConfig, thread: URL): Layer.Layer<CartridgeWriter, CartridgeLocked | CartridgeUnusable> =>
  Layer.scoped(
    CartridgeWriter,
    Effect.gen(function* () {
      const listeners = new Set<(committed: Committed) => void>()
      const died = yield* Deferred.make<never, Error>()
      const ready = yield* Deferred.make<Writer["readOnly"], unknown>()
      const { memory, stats } = writerMeter()
      const { onRebuild, ...options } = config
      const workerData: WriterThreadOptions = { ...options, meter: memory }
      const worker = new Worker(thread, { workerData, name: "fazt-writer" })
      const port = requestPort({ postMessage: (message: ToWriter, transfer) => worker.postMessage(message, transfer) })
      let closing = false
      const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()))

      worker.on("message", (message: FromWriter) => {
        if ("replies" in message) port.receive(message.replies)
        else if ("committed" in message) {
          const committed = decodeCommitted(message.committed)
          for (const listener of listeners) listener(committed)
        } else if ("rebuild" in message) onRebuild(message.rebuild)
        else if ("ready" in message) Deferred.unsafeDone(ready, Effect.succeed(message.ready.readOnly))
      })
      const fail = (cause: unknown): void => {
        port.fail(cause)
        if (closing) return
        Deferred.unsafeDone(ready, Effect.fail(cause))
        Deferred.unsafeDone(died, Effect.fail(new Error("The writer thread has died.", { cause })))
      }
      worker.on("error", fail)
      worker.on("exit", (code) => fail(new Error(`The writer thread ended with code ${code}.`)))

      yield* Effect.addFinalizer(() =>
        Effect.promise(() => {
          closing = true
          // Heard only by a thread that still lives; one that has died is gone already.
          worker.postMessage({ close: true } satisfies ToWriter)
          return exited
        }),
      )
      const readOnly = yield* Effect.catchAll(Deferred.await(ready), asStartFailure)
      const connect = () => {
        const { port1, port2 } = new MessageChannel()
        worker.postMessage({ connect: port1 } satisfies ToWriter, [port1])
        return port2
      }
      return make(port.submit, { connect, readOnly, stats, died: Deferred.await(died) }, listeners)
    }),
  )
