import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { serverOf } from "../../src/cli/client.ts"
import { local, remote, type Transport } from "../../src/cli/transport.ts"
import { Environment, localSocket } from "../../src/config.ts"
import { silentEnvironment } from "../support/environment.ts"
import { tree } from "./tree.ts"

const environment = Effect.provideService(Environment, silentEnvironment())

/** Something that listens and answers; where it listens. */
const listening = (at: number | string, listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const server = createServer(listener)
      server.listen(at, () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      }),
  ).pipe(Effect.map((server) => server.address() as AddressInfo | string))

const onPort = (listener: RequestListener) =>
  Effect.map(listening(0, listener), (address) => `http://localhost:${(address as AddressInfo).port}`)

const empty = { data: [], meta: { total: 0, limit: 100, offset: 0 } }

const noSites: RequestListener = (_, res) => {
  res.setHeader("content-type", "application/json")
  res.end(JSON.stringify(empty))
}

const listSites = (transport: Transport) => serverOf(transport).api.sites.list({ urlParams: { deleted: false, limit: 100, offset: 0 } })

const sitesOf = (url: string, token = Option.none<Redacted.Redacted>()) => Effect.flatMap(remote(url, token), listSites)

describe("another server", () => {
  it.scopedLive("is asked by path below its address, with the key", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const url = yield* onPort((req, res) => {
        seen.push([req.method, req.url, req.headers.authorization])
        noSites(req, res)
      })
      expect(yield* sitesOf(`${url}/prefix`, Option.some(Redacted.make("fazt_a_b")))).toEqual(empty)
      expect(seen).toEqual([["GET", "/prefix/api/sites?deleted=false&limit=100&offset=0", "Bearer fazt_a_b"]])
    }),
  )

  it.scopedLive("may have any name below localhost, whatever the resolver says of it", () =>
    Effect.gen(function* () {
      const hosts: Array<string | undefined> = []
      const url = yield* onPort((req, res) => {
        hosts.push(req.headers.host)
        noSites(req, res)
      })
      const named = url.replace("localhost", "admin.localhost")
      expect(yield* sitesOf(named)).toEqual(empty)
      expect(hosts).toEqual([new URL(named).host])
    }),
  )

  it.scopedLive("answers failures that keep their code and details", () =>
    Effect.gen(function* () {
      const url = yield* onPort((_, res) => {
        res.writeHead(404, { "content-type": "application/json" })
        res.end('{"error":{"code":"SITE_NOT_FOUND","message":"none","details":{"a":1}}}')
      })
      expect(yield* Effect.flip(sitesOf(url))).toMatchObject({
        _tag: "NotFound",
        code: "SITE_NOT_FOUND",
        message: "none",
        details: { a: 1 },
      })
    }),
  )

  it.scopedLive("is told apart from a site, a redirect and other programs", () =>
    Effect.gen(function* () {
      const url = yield* onPort((req, res) => {
        const status = Number(req.headers.authorization?.split("_")[1])
        res.writeHead(status, status === 301 ? { location: "https://elsewhere/" } : { "content-type": "text/html" })
        res.end("<h1>hello</h1>")
      })
      const answer = (status: number) => Effect.flip(sitesOf(url, Option.some(Redacted.make(`fazt_${status}_x`))))
      expect(yield* answer(404)).toMatchObject({ code: "NOT_THE_API", exitCode: 3, hint: expect.stringContaining("admin.<domain>") })
      expect(yield* answer(301)).toMatchObject({ code: "NOT_THE_API", exitCode: 1, hint: expect.stringContaining("https://elsewhere/") })
      expect(yield* answer(200)).toMatchObject({ code: "NOT_THE_API", exitCode: 1, hint: "is that a Fazt server?" })
    }),
  )

  it.scopedLive("is asked again when a connection was cut off before the answer to a question", () =>
    Effect.gen(function* () {
      let times = 0
      const url = yield* onPort((req, res) => {
        times++
        if (times < 3) req.socket.destroy()
        else noSites(req, res)
      })
      expect(yield* sitesOf(url)).toEqual(empty)
    }),
  )

  it.scopedLive("is not told twice to do something", () =>
    Effect.gen(function* () {
      let times = 0
      const url = yield* onPort((req) => {
        times++
        req.socket.destroy()
      })
      const { api } = serverOf(yield* remote(url, Option.none()))
      const error = yield* Effect.flip(api.sites.create({ payload: { site: "hello" } }))
      expect(error).toMatchObject({ code: "UNREACHABLE", exitCode: 6 })
      expect(times).toBe(1)
    }),
  )

  it.scopedLive("cannot be reached where nobody listens", () =>
    Effect.gen(function* () {
      const url = yield* Effect.scoped(onPort(noSites))
      expect(yield* Effect.flip(sitesOf(url))).toMatchObject({
        code: "UNREACHABLE",
        message: `cannot reach ${url}: the connection was refused`,
      })
    }),
  )
})

const localSites = (db: string, mayOpen: boolean) => Effect.flatMap(local(db, mayOpen), listSites)

describe("the cartridge on this machine", () => {
  it.scopedLive("is reached over its socket, without a key", () =>
    Effect.gen(function* () {
      const db = join(tree(), "data.db")
      const seen: Array<unknown> = []
      yield* listening(localSocket(db), (req, res) => {
        seen.push([req.headers.host, req.headers.authorization])
        noSites(req, res)
      })
      expect(yield* localSites(db, true)).toEqual(empty)
      expect(seen).toEqual([["localhost", undefined]])
    }).pipe(environment),
  )

  it.scopedLive("is asked again, even to do something, when the command that served it ended", () =>
    Effect.gen(function* () {
      const db = join(tree(), "data.db")
      let times = 0
      yield* listening(localSocket(db), (req, res) => {
        times++
        if (times < 3) req.socket.destroy()
        else noSites(req, res)
      })
      expect(yield* localSites(db, true)).toEqual(empty)
    }).pipe(environment),
  )

  it.scopedLive("says what to do where there is none", () =>
    Effect.gen(function* () {
      const db = join(tree(), "data.db")
      const error = yield* Effect.flip(localSites(db, true))
      expect(error).toMatchObject({ code: "NO_SERVER", exitCode: 6, hint: expect.stringMatching(/--to .*peer add.*server init/) })
    }).pipe(environment),
  )

  it.scopedLive("is not opened by a command that only waits for a server", () =>
    Effect.gen(function* () {
      const db = join(tree({ "data.db": "not even a cartridge" }), "data.db")
      expect(yield* Effect.flip(localSites(db, false))).toMatchObject({
        code: "UNREACHABLE",
        message: `no server runs on the cartridge ${db}`,
      })
    }).pipe(environment),
  )
})
