import { randomUUIDv7 } from "node:crypto"
import { rmSync } from "node:fs"
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { WebSocket } from "ws"
import { CartridgeWriter, layerInProcess, layerThread } from "../../src/commands/CartridgeWriter.ts"
import { Commands } from "../../src/commands/Commands.ts"
import type { Command } from "../../src/commands/command.ts"
import type { StreamAppend } from "../../src/events/EventLog.ts"
import type { Scope as KeyScope } from "../../src/events/keys.ts"
import { LastUses } from "../../src/http/accounts/LastUses.ts"
import { Sessions } from "../../src/http/accounts/Sessions.ts"
import { Authentication } from "../../src/http/api/auth.ts"
import { newKey } from "../../src/http/api/newKey.ts"
import { type EdgeListener, listenOnPort } from "../../src/http/Edge.ts"
import { type LiveEventsOptions, liveEvents } from "../../src/http/events/liveEvents.ts"
import { Limits } from "../../src/http/limits/Limits.ts"
import { asksForSocket } from "../../src/http/liveUpgrade.ts"
import { Reads } from "../../src/http/Reads.ts"
import { Settings } from "../../src/http/Settings.ts"
import type { ActivityFilter } from "../../src/projections/activity.ts"
import { Queries } from "../../src/projections/Queries.ts"
import { migrations, threadUrl } from "../../src/resources.ts"
import { temporaryFolder } from "./cartridge.ts"

type NewEvent = StreamAppend["events"][number]

type Parts = Authentication | CartridgeWriter | Commands | LastUses | Limits | Queries | Reads | Sessions | Settings

const parts = (path: string, threads: boolean): Layer.Layer<Parts> => {
  const config = { path, migrations: migrations(), release: "0.1.0", masterKey: undefined, holder: "a test", onRebuild: () => {} }
  const writer = Layer.orDie(threads ? layerThread(config, threadUrl("commands/writerThread")) : layerInProcess(config))
  const queries = threads ? Queries.layerThread(path, threadUrl("projections/readerThread")) : Queries.layerInProcess(path)
  return Authentication.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Sessions.layer, Limits.layer)),
    Layer.provideMerge(Layer.mergeAll(LastUses.layer, Settings.layer)),
    Layer.provideMerge(Layer.mergeAll(queries, Reads.layer(path), Commands.layer)),
    Layer.provideMerge(writer),
  )
}

/** A server that has `GET /api/events/live` and nothing else, on a cartridge of its own with an owner. */
export const startEventStreams = async (options: LiveEventsOptions & { readonly threads?: boolean } = {}) => {
  const folder = temporaryFolder()
  const scope = await Effect.runPromise(Scope.make())
  const context = await Effect.runPromise(Layer.buildWithScope(parts(join(folder, "data.db"), options.threads === true), scope))
  const run = <A, E>(effect: Effect.Effect<A, E, Parts | Scope.Scope>): Promise<A> =>
    Effect.runPromise(Effect.provide(effect, context).pipe(Effect.provideService(Scope.Scope, scope)))
  const command = (command: Command, secrets: ReadonlyArray<{ readonly ref: string; readonly secret: string }> = []) =>
    run(Effect.flatMap(Commands, ({ handle }) => handle(command, { actor: "owner", cause: "test" }, secrets)))
  await command({ _tag: "EnrollOwner", username: "admin", password: "owner/password" }, [{ ref: "owner/password", secret: "none" }])
  const live = await run(liveEvents(options))
  const listener: EdgeListener = Object.assign(live.stream.bind(undefined), { upgrade: live.upgrade, wantsUpgrade: asksForSocket })
  const port = await run(listenOnPort(listener, 0))

  const append = (stream: string, events: ReadonlyArray<Omit<NewEvent, "id">>, actor = "owner"): Promise<unknown> => {
    const streams = [{ stream, expected: "any" as const, events: events.map((event) => ({ ...event, id: randomUUIDv7() }) as NewEvent) }]
    return run(Effect.flatMap(CartridgeWriter, (writer) => writer.request({ kind: "append", request: { actor, cause: "test", streams } })))
  }

  return {
    port,
    live,
    run,
    command,
    append,
    /** One setting after the other, each an event of the stream `config`. */
    set: (...values: ReadonlyArray<string>) =>
      append(
        "config",
        values.map((value) => ({ type: "v1.ConfigSet", data: { key: "k", value } })),
      ),
    log: (site: string, ...messages: ReadonlyArray<string>) =>
      append(
        `logs/${site}`,
        [{ type: "v1.LogsWritten", data: { site, lines: messages.map((message) => ({ at: 1, level: "log" as const, message })) } }],
        `fn:${site}`,
      ),
    /** A new API key with these scopes; it may be limited. */
    key: async (scopes: ReadonlyArray<KeyScope>, limits: Parameters<typeof newKey>[2] = {}): Promise<string> => {
      const { token, command: create } = newKey("test", scopes, limits)
      await command(create)
      return token
    },
    head: (): Promise<number> => run(Effect.map(Reads, ({ db }) => db.prepare("SELECT max(seq) FROM events").pluck().get() as number)),
    stop: async (): Promise<void> => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type EventStreams = Awaited<ReturnType<typeof startEventStreams>>

export interface TestEvent {
  readonly id: string | undefined
  /** `message` where the stream gives no name. */
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape.
  readonly data: any
}

export interface TestStream {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Everything that has come, as text. */
  readonly text: () => string
  readonly events: ReadonlyArray<TestEvent>
  /** Seqs of the committed events that have come. */
  readonly seqs: () => ReadonlyArray<number>
  /** Waits until something holds of the stream. */
  readonly until: (holds: () => boolean, what?: string) => Promise<void>
  readonly socket: Socket
  readonly isClosed: () => boolean
  readonly close: () => void
}

export interface StreamRequest {
  readonly token?: string
  readonly headers?: Record<string, string>
  readonly method?: string
  readonly socketPath?: string
}

/** Opens a stream of Server-Sent Events, or gets whatever else is answered. */
export const openStream = (port: number, query = "", { token, headers, method, socketPath }: StreamRequest = {}): Promise<TestStream> =>
  new Promise((resolve, reject) => {
    const all = { host: "localhost", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers }
    const target = socketPath === undefined ? { port, host: "127.0.0.1" } : { socketPath }
    const req = request({ ...target, path: `/api/events/live${query}`, method, headers: all, agent: false })
    req.on("error", reject)
    req.on("response", (res) => resolve(streamOf(res)))
    req.end()
  })

const streamOf = (res: IncomingMessage): TestStream => {
  let text = ""
  let rest = ""
  let closed = false
  const events: Array<TestEvent> = []
  const seqs: Array<number> = []
  res.setEncoding("utf8")
  res.on("data", (part: string) => {
    text += part
    const blocks = (rest + part).split("\n\n")
    rest = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]))
      if (!fields.has("data")) continue
      const event = { id: fields.get("id"), event: fields.get("event") ?? "message", data: JSON.parse(fields.get("data")!) }
      events.push(event)
      if (event.event === "message") seqs.push(event.data.seq)
    }
  })
  res.on("error", () => {})
  res.on("close", () => {
    closed = true
  })
  return {
    status: res.statusCode!,
    headers: res.headers,
    text: () => text,
    events,
    seqs: () => seqs,
    until: (holds, what = holds.toString()) => waitUntil(holds, () => `${what}\nafter ${text.slice(-2000)}`),
    socket: res.socket,
    isClosed: () => closed,
    close: () => void res.destroy(),
  }
}

export const waitUntil = async (holds: () => boolean, what: () => string, ms = 10_000): Promise<void> => {
  for (const started = performance.now(); !holds(); await sleep(5))
    if (performance.now() - started > ms) throw new Error(`Waited in vain for ${what()}`)
}

export interface TestEventSocket {
  readonly ws: WebSocket
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of any shape.
  readonly messages: ReadonlyArray<any>
  readonly seqs: () => ReadonlyArray<number>
  readonly until: (holds: () => boolean) => Promise<void>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

export interface RefusedSocket {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Opens a WebSocket, or gets the answer with which it is refused. */
export const openEventSocket = (
  port: number,
  query = "",
  { token, headers }: StreamRequest = {},
): Promise<TestEventSocket | RefusedSocket> =>
  new Promise((resolve) => {
    const all = { host: "localhost", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers }
    const ws = new WebSocket(`ws://127.0.0.1:${port}/api/events/live${query}`, { headers: all })
    // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of any shape.
    const messages: Array<any> = []
    ws.on("message", (data) => messages.push(JSON.parse(String(data))))
    ws.on("error", () => {})
    ws.on("unexpected-response", (_, res) => {
      let text = ""
      res.on("data", (part) => {
        text += part
      })
      res.on("end", () => resolve({ status: res.statusCode!, headers: res.headers, text }))
    })
    const closed = new Promise<{ readonly code: number; readonly reason: string }>((done) =>
      ws.on("close", (code, reason) => done({ code, reason: String(reason) })),
    )
    const seqs = () => messages.filter(({ type }) => type === "event").map(({ event }) => event.seq)
    const until = (holds: () => boolean) => waitUntil(holds, () => `${holds}\nafter ${JSON.stringify(messages).slice(-2000)}`)
    ws.on("open", () => resolve({ ws, messages, seqs, until, closed }))
  })

/** Opens a WebSocket that is not refused. */
export const eventSocket = async (...args: Parameters<typeof openEventSocket>): Promise<TestEventSocket> => {
  const opened = await openEventSocket(...args)
  if ("status" in opened) throw new Error(`${opened.status}: ${opened.text}`)
  return opened
}

/** A client that asks and then reads nothing. */
export const silentClient = (port: number, head: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.pause()
      socket.write(head)
      resolve(socket)
    })
    socket.on("error", reject)
  })

/** What the audit shows, as the API answers it. */
export const audited = async (
  server: { readonly run: <A, E>(effect: Effect.Effect<A, E, Queries>) => Promise<A> },
  filter: ActivityFilter,
): Promise<
  ReadonlyArray<{
    readonly seq: number
    readonly type: string
    readonly stream: string
    readonly site: string | null
    readonly actor: string
  }>
> => {
  const { json } = await server.run(Effect.flatMap(Queries, ({ audit }) => audit(filter)))
  return JSON.parse(json)
}
