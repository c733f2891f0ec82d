import * as Effect from "effect/Effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { CartridgeWriter } from "../../src/commands/CartridgeWriter.ts"
import { Settings } from "../../src/http/Settings.ts"
import { apiOf, query } from "../support/api.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

it("a setting whose event is erased has its default at once", async () => {
  await apiOf(server, await server.key("admin")).set("limits.zip_ratio", 7)
  const ratio = () => server.run(Effect.map(Settings, (settings) => settings.number("limits.zip_ratio")))
  expect(await ratio()).toBe(7)
  const [event] = query<{ seq: number }>(server, "SELECT max(seq) AS seq FROM events")
  const by = { id: "erasing", reason: "test", actor: "owner", cause: "test" }
  await server.run(Effect.flatMap(CartridgeWriter, (writer) => writer.request({ kind: "erase", seq: event!.seq, ...by })))
  expect(await ratio()).toBe(200)
})

it("what clients may is read once, and anew after each change", async () => {
  const limits = () => server.run(Effect.map(Settings, ({ clientLimits }) => clientLimits()))
  const before = await limits()
  expect(await limits()).toBe(before)
  expect([before.trusted.has("10.0.0.1"), before.connections, before.apiPerMinute.auth]).toEqual([false, 10_000, 30])
  await apiOf(server, await server.key("admin")).set("server.trusted_proxies", "loopback, 10.0.0.0/8")
  const { trusted } = await limits()
  expect(["10.0.0.1", "127.0.0.2", "::1", "11.0.0.1", "::2"].map(trusted.has)).toEqual([true, true, true, false, false])
})
