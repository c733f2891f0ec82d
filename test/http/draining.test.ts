import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import { askLocally } from "../support/api.ts"
import { startServer } from "../support/server.ts"

it("those who wait for events are answered at once when the server stops", async () => {
  const server = await startServer()
  const token = await server.key("admin")
  const path = "/api/audit?after=1000000&wait=30"
  const waiting = Promise.all([server.ask(path, { token }), askLocally(server, path, {})])
  await sleep(200)
  const started = performance.now()
  const stopping = server.stop()
  const [remote, local] = await waiting
  expect([remote.status, remote.json, remote.headers["connection"]]).toEqual([200, { data: [], meta: { limit: 50, next: null } }, "close"])
  expect([local.status, JSON.parse(local.text).data]).toEqual([200, []])
  await stopping
  expect(performance.now() - started).toBeLessThan(5_000)
})
