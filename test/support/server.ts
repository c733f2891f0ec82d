import { rmSync } from "node:fs"
import { request as httpRequest, type IncomingHttpHeaders } from "node:http"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { type Asker, Commands } from "../../src/commands/Commands.ts"
import { Environment, localSocket } from "../../src/config.ts"
import type { Scope as KeyScope } from "../../src/events/keys.ts"
import { passwordCost } from "../../src/http/accounts/password.ts"
import { newKey } from "../../src/http/api/newKey.ts"
import { listenOnPort, listenOnSocket } from "../../src/http/Edge.ts"
import { Handler } from "../../src/http/Handler.ts"
import { Reads } from "../../src/http/Reads.ts"
import { accessQueries } from "../../src/projections/access.ts"
import { type Cartridge, cartridgeLayer, seedSystemSites } from "../../src/server.ts"
import { checkAsDescribed } from "./asDescribed.ts"
import { temporaryFolder } from "./cartridge.ts"
import { silentEnvironment } from "./environment.ts"

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape.
  readonly json: any
}

export interface Ask {
  /** `Host` header; `localhost`, with the port, when absent. */
  readonly host?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  /** An API key, sent as a bearer token. */
  readonly token?: string
}

/**
 * One real HTTP request with exactly these bytes in its request line: no client normalises the path before it is sent. An answer of the
 * API that is not as its document says is a failure.
 */
export const ask = (
  port: number,
  path: string,
  { host = `localhost:${port}`, method = "GET", headers = {}, body, token }: Ask = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const all = { host, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers }
    const req = httpRequest({ port, host: "127.0.0.1", path, method, headers: all, agent: false }, (res) => {
      const parts: Array<Buffer> = []
      res.on("data", (part: Buffer) => parts.push(part))
      res.on("error", reject)
      res.on("end", () => {
        const bytes = Buffer.concat(parts)
        const text = bytes.toString("utf8")
        const answer = {
          status: res.statusCode!,
          headers: res.headers,
          body: bytes,
          text,
          get json() {
            return JSON.parse(text)
          },
        }
        try {
          checkAsDescribed(host, method, path, answer)
          resolve(answer)
        } catch (error) {
          reject(error as Error)
        }
      })
    })
    req.on("error", reject)
    req.end(body)
  })

/** The same for an answer without an end: waits for its head, and for its body only if that is a refusal. */
export const begin = (
  port: number,
  path: string,
  { host = `localhost:${port}`, method = "GET", headers = {} }: Ask,
): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const req = httpRequest({ port, host: "127.0.0.1", path, method, headers: { host, ...headers }, agent: false }, (res) => {
      if (res.statusCode === 200) {
        resolve({ status: 200, text: "" })
        return void req.destroy()
      }
      let text = ""
      res.setEncoding("utf8").on("data", (part: string) => {
        text += part
      })
      res.on("end", () => resolve({ status: res.statusCode!, text }))
    })
    req.on("error", reject)
    req.end()
  })

/** The multipart body of a classic deploy. */
export const zipForm = (
  zip: Uint8Array,
  fields: Record<string, string>,
  filename = "site.zip",
): { readonly headers: Record<string, string>; readonly body: Buffer } => {
  const boundary = "----fazt-test-boundary"
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: application/zip\r\n\r\n`
  return {
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(parts.join("") + file), zip, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  }
}

/** The owner of every test server. The hash is made beforehand, since making one takes its time. */
export const owner = {
  username: "admin",
  password: "plum tree in the rain",
  hash: "$argon2id$v=19$m=1024,t=1,p=1$8Ff/cEHNpLDW/fSRC4rSwA$y0swiyIx1kvzeO4ZseDuu2EvCVy/N8PxXEDX9Tsl6YQ",
} as const

/** What a password is to cost in the tests, all but those that are about that. */
export const cheapPasswords = { memory: 1024, passes: 1 }
export const realPasswords = { memory: passwordCost.memory, passes: passwordCost.passes }
Object.assign(passwordCost, cheapPasswords)

const enroll = Effect.gen(function* () {
  const commands = yield* Commands
  const { db } = yield* Reads
  if (accessQueries(db).hasOwner()) return
  const secrets = [{ ref: "owner/password", secret: owner.hash }]
  const command = { _tag: "EnrollOwner", username: owner.username, password: "owner/password" } as const
  yield* commands.handle(command, { actor: "system", cause: "test" }, secrets)
})

const noEnvironment = Layer.succeed(Environment, silentEnvironment())

/** A whole server in this process, on a free port, with `root` and `404` seeded. */
export const startServer = async (
  options: {
    readonly db?: string
    readonly domain?: string
    readonly mode?: "threads" | "one-thread" /** Whether it has its owner already. */
    readonly enrolled?: boolean
  } = {},
) => {
  const folder = temporaryFolder()
  const db = options.db ?? join(folder, "data.db")
  let listening: number | undefined
  const layer = cartridgeLayer({
    db,
    mode: options.mode ?? "one-thread",
    domain: Option.fromNullable(options.domain),
    port: () => listening,
    onProgress: () => {},
  }).pipe(Layer.provide(noEnvironment))
  const scope = await Effect.runPromise(Scope.make())
  const context = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  const run = <A, E>(effect: Effect.Effect<A, E, Cartridge>): Promise<A> => Effect.runPromise(Effect.provide(effect, context))
  const port = await run(
    Effect.gen(function* () {
      if (options.enrolled !== false) yield* enroll
      yield* seedSystemSites
      const handler = yield* Handler
      yield* listenOnSocket(handler, localSocket(db))
      return yield* listenOnPort(handler, 0)
    }).pipe(Effect.provideService(Scope.Scope, scope)) as Effect.Effect<number, never, Cartridge>,
  )
  listening = port

  return {
    db,
    port,
    run,
    ask: (path: string, request: Ask = {}) => ask(port, path, request),
    begin: (path: string, request: Ask = {}) => begin(port, path, request),
    /** A new API key with these scopes. */
    key: async (...scopes: ReadonlyArray<KeyScope>): Promise<string> => {
      const { token, command } = newKey("test", scopes)
      const by: Asker = { actor: "owner", cause: "test" }
      await run(Effect.flatMap(Commands, (commands) => commands.handle(command, by)) as Effect.Effect<unknown, never, Cartridge>)
      return token
    },
    stop: async (): Promise<void> => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type TestServer = Awaited<ReturnType<typeof startServer>>
