import { mkdtempSync, rmSync } from "node:fs"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import Database from "better-sqlite3"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { verifyPart } from "../../src/events/verify.ts"
import { apiOf, publish } from "../support/api.ts"
import { startProgram } from "../support/program.ts"
import { ask } from "../support/server.ts"

// On the real disk: this is about what reaches it.
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fazt-durability-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Counts under two keys that one request writes; `/read` says how far. */
const counter = `export default {
  fetch(request, env) {
    const { kv } = env
    if (request.url.endsWith("/read")) return Response.json([kv.get("first") ?? 0, kv.get("second") ?? 0])
    const n = kv.incr("first")
    kv.set("second", n)
    return new Response(String(n))
  },
}
`

const kills = 5
const clients = 16
/** What each server has acknowledged at least when its end comes nearer, however slow the machine is. */
const beforeKill = 21

/** What the clients know. A request that was cut off may have counted or not. */
interface Known {
  sent: number
  readonly acknowledged: Array<number>
  readonly torn: Array<string>
  readonly refused: Array<string>
}

/** One request; nothing when the connection broke before its answer was whole. */
const tryAsk = (port: number, agent: Agent, path: string): Promise<{ readonly status: number; readonly text: string } | undefined> =>
  new Promise((resolve) => {
    const req = request({ port, host: "127.0.0.1", path, agent, headers: { host: "counter.localhost" } }, (res) => {
      let text = ""
      res.on("data", (data: Buffer) => {
        text += data.toString()
      })
      res.on("error", () => resolve(undefined))
      res.on("end", () => resolve({ status: res.statusCode!, text }))
    })
    req.on("error", () => resolve(undefined))
    req.end()
  })

/** Counts, and looks now and then, until the server is gone. */
const countOn = async (port: number, agent: Agent, known: Known, onAcknowledged: () => void): Promise<void> => {
  for (let turn = 0; ; turn++) {
    const isRead = turn % 10 === 9
    if (!isRead) known.sent++
    const answer = await tryAsk(port, agent, isRead ? "/read" : "/")
    if (answer === undefined) return
    const { status, text } = answer
    if (status !== 200) known.refused.push(`${status} ${text}`)
    else if (isRead) {
      const [first, second] = JSON.parse(text)
      if (first !== second) known.torn.push(text)
    } else {
      known.acknowledged.push(Number(text))
      onAcknowledged()
    }
  }
}

/** Lets clients count for a while, and kills the server without warning. */
const countUntilKilled = async (server: Awaited<ReturnType<typeof startProgram>>, known: Known, ms: number): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  let begun = (): void => {}
  const counting = new Promise<void>((resolve) => {
    begun = resolve
  })
  const enough = known.acknowledged.length + beforeKill
  const onAcknowledged = (): void => {
    if (known.acknowledged.length >= enough) begun()
  }
  const all = Promise.all(Array.from({ length: clients }, () => countOn(server.port, agent, known, onAcknowledged)))
  await Promise.race([counting, all])
  await sleep(ms)
  expect(await server.stop("SIGKILL")).toMatchObject({ signal: "SIGKILL" })
  await all
  agent.destroy()
}

const read = async (port: number): Promise<readonly [first: number, second: number]> =>
  (await ask(port, "/read", { host: "counter.localhost" })).json

describe("server code that writes while its server is killed at any moment", () => {
  it(`keeps every acknowledged increment, and no half of a request, over ${kills} kills`, async () => {
    const known: Known = { sent: 0, acknowledged: [], torn: [], refused: [] }
    let server = await startProgram(folder)
    const { token } = server.ready.firstRun!
    const api = apiOf({ ask: (path, options) => ask(server.port, path, options) }, token)
    expect((await publish(api, "counter", { "main.js": counter })).answer.status).toBe(201)

    for (let kill = 0; kill < kills; kill++) {
      await countUntilKilled(server, known, 20 + ((kill * 137) % 400))
      server = await startProgram(folder)
      const [first, second] = await read(server.port)
      expect(second).toBe(first)
      expect(first).toBeGreaterThanOrEqual(Math.max(0, ...known.acknowledged, known.acknowledged.length))
      expect(first).toBeLessThanOrEqual(known.sent)
    }
    expect(known).toMatchObject({ torn: [], refused: [] })
    expect(known.acknowledged.length).toBeGreaterThan(20 * kills)
    expect(new Set(known.acknowledged).size).toBe(known.acknowledged.length)
    const [value] = await read(server.port)
    await server.stop()

    const db = new Database(join(folder, "data.db"), { readonly: true })
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
    const versions = db.prepare<[string], number>("SELECT max(version) FROM events WHERE stream = ?").pluck()
    expect([versions.get("kv/counter/first"), versions.get("kv/counter/second")]).toEqual([value, value])
    const last = db.prepare("SELECT max(seq) FROM events").pluck().get()
    expect(verifyPart(db, undefined, { budget: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER })).toMatchObject({
      bad: undefined,
      seq: last,
    })
    db.close()
  }, 120_000)
})
