import { randomUUIDv7 } from "node:crypto"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll, expect, it } from "vitest"
import { Interruption } from "../../src/cli/interruption.ts"
import { execute } from "../../src/cli/run.ts"
import { CartridgeWriter } from "../../src/commands/CartridgeWriter.ts"
import { Environment } from "../../src/config.ts"
import { apiOf } from "../support/api.ts"
import { temporaryFolder } from "../support/cartridge.ts"
import { silentEnvironment } from "../support/environment.ts"
import { startServer, type TestServer } from "../support/server.ts"
import { terminal } from "./terminal.ts"

let folder: string
let db: string
let server: TestServer
beforeAll(async () => {
  folder = temporaryFolder()
  db = join(folder, "data.db")
  server = await startServer({ db })
  await apiOf(server, await server.key("admin")).post("/sites", { site: "shop" })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a command line without an end. */
const running = (...args: ReadonlyArray<string>) => {
  const screen = terminal()
  const around = Layer.mergeAll(
    screen.layer,
    NodeContext.layer,
    Layer.succeed(Environment, silentEnvironment()),
    Layer.succeed(Interruption, { isTheEnd: Effect.void }),
  )
  const fiber = Effect.runFork(Effect.provide(execute([...args, "--db", db]), around))
  return {
    noted: screen.noted,
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape.
    lines: (): ReadonlyArray<any> => screen.printed.flatMap((text) => text.split("\n")).map((text) => JSON.parse(text)),
    stop: () => Effect.runPromise(Fiber.interrupt(fiber)),
  }
}

const write = (...messages: ReadonlyArray<string>): Promise<unknown> => {
  const data = { site: "shop", lines: messages.map((message) => ({ at: Date.now(), level: "log" as const, message })) }
  const streams = [
    { stream: "logs/shop", expected: "any" as const, events: [{ id: randomUUIDv7(), type: "v1.LogsWritten" as const, data }] },
  ]
  const request = { actor: "fn:shop", cause: "test", streams }
  return server.run(Effect.flatMap(CartridgeWriter, (writer) => writer.request({ kind: "append", request })))
}

it("following shows each line and each event once, from the list into the stream and over a restart of the server", async () => {
  let written = 0
  const writeSome = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await write(String(written++), String(written++))
      await sleep(i % 5)
    }
  }
  await writeSome(20)
  const writing = writeSome(150)
  const [logs, audit] = [running("logs", "Shop", "-f", "--json", "-n", "10000"), running("audit", "-f", "--json", "-n", "100000")]
  await writing
  await expect.poll(() => logs.lines().length, { timeout: 10_000 }).toBe(340)

  await server.stop()
  await expect.poll(() => [...logs.noted, ...audit.noted], { timeout: 10_000 }).toHaveLength(2)
  server = await startServer({ db })
  await writeSome(20)
  await expect.poll(() => logs.lines().length, { timeout: 10_000 }).toBe(380)
  await expect.poll(() => audit.lines().at(-1)?.data.lines?.at(-1).message, { timeout: 10_000 }).toBe("379")
  await sleep(100)
  expect(logs.lines().map(({ message }) => message)).toEqual(Array.from({ length: 380 }, (_, i) => String(i)))
  const seqs = audit.lines().map(({ seq }) => seq)
  expect(seqs).toEqual(seqs.map((_, i) => i + 1))

  const listed = await apiOf(server, await server.key("logs")).get("/sites/shop/logs?limit=1000")
  expect(logs.lines()).toEqual(listed.json.data.toReversed())
  await Promise.all([logs.stop(), audit.stop()])
}, 60_000)
