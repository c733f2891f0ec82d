import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { egress } from "../../../src/runtime/egress/egress.ts"
import { failure, startHost, testNet, textOf } from "./servers.ts"

const outgoing = (url: string) => ({ url, method: "GET", headers: [], body: undefined, redirect: "follow" }) as const
const policy = {
  site: "blog",
  allowedHosts: [],
  maxBytes: 1000,
  ms: 3000,
  signal: new AbortController().signal,
  beforeEach: () => {},
}

describe("with nothing let through, a server on the loopback is not reached", () => {
  for (const [url, leadsTo] of [
    ["http://127.0.0.1:PORT/"],
    ["http://127.1:PORT/"],
    ["http://2130706433:PORT/"],
    ["http://0x7f000001:PORT/"],
    ["http://017700000001:PORT/"],
    ["http://0:PORT/"],
    ["http://[::1]:PORT/"],
    ["http://[::]:PORT/"],
    ["http://[::ffff:127.0.0.1]:PORT/"],
    ["http://[::ffff:7f00:1]:PORT/"],
    ["http://[64:ff9b::7f00:1]:PORT/"],
    ["http://localhost:PORT/"],
    ["http://localhost.:PORT/"],
    ["http://127.0.0.1.:PORT/"],
    ["http://１２７.０.０.１:PORT/"],
    ["https://127.0.0.1:PORT/"],
    ["http://name.example:PORT/", ["127.0.0.1"]],
    ["http://name.example:PORT/", ["::1"]],
    ["http://name.example:PORT/", ["::ffff:127.0.0.1"]],
    ["http://name.example:PORT/", ["0.0.0.0"]],
    ["http://name.example:PORT/", ["10.0.0.1"]],
    ["http://name.example:PORT/", ["fd00:ec2::254"]],
    ["http://name.example:PORT/", ["1.1.1.1", "127.0.0.1"]],
    ["http://name.example:PORT/", ["127.0.0.1", "1.1.1.1"]],
    ["http://name.example:PORT/", ["1.1.1.1", "2606:4700::1", "::1"]],
    ["http://name.example:PORT/", ["1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "127.0.0.1"]],
    ["http://name.example:PORT/", ["not an address"]],
  ] as ReadonlyArray<readonly [string, ReadonlyArray<string>?]>)
    it(`${url}${leadsTo === undefined ? "" : ` → ${leadsTo.join(", ")}`}`, async () => {
      const host = await startHost((_, res) => res.end("secret"), { address: "::" })
      const net = egress({ resolve: async () => leadsTo ?? ["127.0.0.1"] })
      const failed = await failure(net.send(outgoing(url.replace("PORT", String(host.port))), policy))
      expect(failed).toMatchObject({ name: "TypeError", code: "NET_BLOCKED" })
      for (const address of leadsTo ?? []) expect(failed.message).not.toContain(address)
      expect(host.connections).toBe(0)
      await net.close()
      await host.stop()
    })
})

it("a name is judged by where it leads, not by its looks", async () => {
  const host = await startHost((_, res) => res.end("public"))
  const net = testNet(() => [host.port])
  for (const name of ["127-my.example", "127.0.0.1.example", "localhost.example"])
    expect(textOf(await net.call({ url: `http://${name}:${host.port}/` }))).toBe("public")
  await net.close()
  await host.stop()
})

it("the name is resolved once for each socket, which goes to the address that was checked", async () => {
  const [good, secret] = [
    await startHost((_, res) => res.end("public"), { address: "127.0.0.1" }),
    await startHost((_, res) => res.end("secret")),
  ]
  let resolved = 0
  // Whoever asks a second time gets another address.
  const net = egress({
    resolve: async () => (resolved++ === 0 ? ["127.0.0.1"] : ["127.0.0.2"]),
    mayDial: (address, port) => address === "127.0.0.1" && port === good.port,
  })
  const url = `http://rebind.example:${good.port}/`
  expect(textOf(await net.send(outgoing(url), policy))).toBe("public")
  expect(resolved).toBe(1)
  await sleep(20)
  // The socket that was kept still goes where it went.
  expect(textOf(await net.send(outgoing(url), policy))).toBe("public")
  expect([resolved, good.connections]).toEqual([1, 1])
  // A new one is checked anew.
  expect(await failure(net.send(outgoing(url), { ...policy, site: "shop" }))).toMatchObject({ code: "NET_BLOCKED" })
  expect(resolved).toBe(2)
  expect(secret.connections).toBe(0)
  await net.close()
  await good.stop()
  await secret.stop()
})

it("a socket to one host is not used for another that leads to the same address", async () => {
  const host = await startHost((req, res) => res.end(req.headers.host))
  const net = testNet(
    () => [host.port],
    (name) => (name === "evil.example" ? ["10.0.0.1"] : undefined),
  )
  await net.call({ url: `http://good.example:${host.port}/` })
  expect(await failure(net.call({ url: `http://evil.example:${host.port}/` }))).toMatchObject({ code: "NET_BLOCKED" })
  expect(textOf(await net.call({ url: `http://other.example:${host.port}/` }))).toBe(`other.example:${host.port}`)
  expect(host.connections).toBe(2)
  await net.close()
  await host.stop()
})

describe("a name that has no address", () => {
  for (const [what, resolve] of [
    ["says so", async () => []],
    [
      "fails, whatever DNS says",
      async () => {
        throw Object.assign(new Error("queryA ETIMEOUT 10.0.0.53"), { code: "ETIMEOUT" })
      },
    ],
  ] as const)
    it(what, async () => {
      const net = egress({ resolve })
      const failed = await failure(net.send(outgoing("http://nowhere.example/"), policy))
      expect(failed).toMatchObject({ name: "TypeError", code: "NET_ERROR" })
      expect(failed.message).toContain("nowhere.example")
      expect(failed.message).not.toContain("10.0.0.53")
      await net.close()
    })
})

it("a name that is never resolved ends with the time of the call", async () => {
  const net = egress({ resolve: () => new Promise(() => {}) })
  expect(await failure(net.send(outgoing("http://slow.example/"), { ...policy, ms: 100 }))).toMatchObject({ code: "NET_TIMEOUT" })
  await net.close()
})
