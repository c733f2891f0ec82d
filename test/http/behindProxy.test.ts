import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apiOf } from "../support/api.ts"
import { deploySite } from "../support/hosting.ts"
import { openSocket, type TestSocket } from "../support/live.ts"
import { startServer, type TestServer } from "../support/server.ts"

const says = `export default { fetch: (request) => Response.json([
  request.url, request.headers.get("x-forwarded-proto"), request.headers.get("x-forwarded-for"), request.headers.get("x-real-ip"),
  request.headers.get("forwarded"),
]) }`

let server: TestServer
let set: (key: string, value: string | number) => Promise<unknown>
const sockets: Array<TestSocket> = []
beforeAll(async () => {
  server = await startServer({ domain: "example.test" })
  await deploySite(server, "says", { "main.js": says })
  set = apiOf(server, await server.key("admin")).set
})
afterAll(async () => {
  for (const { ws } of sockets) ws.terminate()
  await server.stop()
})

const forwarded = { "x-forwarded-for": "6.6.6.6, 198.51.100.7", "x-forwarded-proto": "https", forwarded: "for=6.6.6.6" }
const asked = async () => (await server.ask("/x?y", { host: "says.example.test", headers: forwarded })).json

describe("a proxy that is not trusted", () => {
  it("is the visitor, whatever it says", async () =>
    expect(await asked()).toEqual(["http://says.example.test/x?y", "http", "127.0.0.1", "127.0.0.1", null]))

  it("has all the WebSockets that it likes on this machine", async () => {
    await set("live.address_sockets", 1)
    for (let i = 0; i < 3; i++) sockets.push(await openSocket(server.port, "says.example.test", "/_ws", forwarded))
  })
})

describe("a proxy that is trusted", () => {
  beforeAll(() => set("server.trusted_proxies", "loopback"))

  it("tells server code who visits, and by which scheme", async () =>
    expect(await asked()).toEqual(["https://says.example.test/x?y", "https", "198.51.100.7", "198.51.100.7", null]))

  it("has visitors of whom each may have so many WebSockets", async () => {
    const from = (address: string) => openSocket(server.port, "says.example.test", "/_ws", { "x-forwarded-for": address })
    sockets.push(await from("198.51.100.7"))
    await expect(from("6.6.6.6, 198.51.100.7")).rejects.toThrow("429: ")
    sockets.push(await from("198.51.100.8"))
  })

  it("has visitors of whom each may send so many requests", async () => {
    await set("limits.address_requests_per_second", 5)
    const from = (address: string) => server.ask("/", { host: "says.example.test", headers: { "x-forwarded-for": address } })
    const answers = await Promise.all(Array.from({ length: 30 }, () => from("198.51.100.9")))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThanOrEqual(20)
    expect([refused[0]!.text, refused[0]!.headers["retry-after"]]).toEqual(["429 too many requests from your address\n", "1"])
    expect((await from("198.51.100.10")).status).toBe(200)
    await set("limits.address_requests_per_second", 0)
    expect((await from("198.51.100.9")).status).toBe(200)
  })

  it("tells browsers to come back by TLS, on the server's own hosts only", async () => {
    const strict = async (host: string) => (await server.ask("/", { host, headers: forwarded })).headers["strict-transport-security"]
    expect([await strict("admin.example.test"), await strict("says.example.test"), await strict("example.test")]).toEqual([
      "max-age=31536000",
      undefined,
      undefined,
    ])
  })
})
