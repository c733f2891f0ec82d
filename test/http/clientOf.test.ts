import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { addressKey, canonicalAddress, clientOf, isDirectLoopback, limitKeyOf, noProxies, trustedProxies } from "../../src/http/clientOf.ts"
import { sendRaw } from "../support/hosting.ts"

/** A request as the functions see it: who has connected, and its headers as Node joins them. */
const request = (peer: string | undefined, headers: Record<string, string> = {}, encrypted = false): IncomingMessage =>
  ({ socket: { remoteAddress: peer, encrypted }, headers }) as unknown as IncomingMessage

const proxies = trustedProxies("loopback, 10.0.0.0/8,2001:db8:ffff::/48, 192.0.2.1")

describe("the client of a request", () => {
  const spoofed = {
    "x-forwarded-for": "6.6.6.6",
    "x-forwarded-proto": "https",
    "x-real-ip": "6.6.6.6",
    forwarded: "for=6.6.6.6;proto=https",
    "x-forwarded-host": "evil.example",
    "x-client-ip": "6.6.6.6",
    "cf-connecting-ip": "6.6.6.6",
    "true-client-ip": "6.6.6.6",
  }

  for (const [peer, address] of [
    ["198.51.100.7", "198.51.100.7"],
    ["::ffff:198.51.100.7", "198.51.100.7"],
    ["::FFFF:c633:6407", "198.51.100.7"],
    ["2001:db8:0:0:0:0:0:9", "2001:db8::9"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1", "::1"],
    ["11.0.0.1", "11.0.0.1"],
    ["2001:db8:fffe::1", "2001:db8:fffe::1"],
    [undefined, "unknown"],
  ] as const) {
    it(`is whoever has connected, whatever the headers say: ${peer}`, () => {
      expect(clientOf(request(peer, spoofed), noProxies)).toEqual({ address, scheme: "http", proxied: false })
      if (peer !== "::1") expect(clientOf(request(peer, spoofed), proxies)).toEqual({ address, scheme: "http", proxied: false })
    })
  }

  it("is connected by TLS where the connection says so, not where a header does", () => {
    expect(clientOf(request("198.51.100.7", { "x-forwarded-proto": "http" }, true), proxies).scheme).toBe("https")
    expect(clientOf(request("10.0.0.1", {}, true), proxies).scheme).toBe("https")
  })

  const long = (count: number, entry: string) => Array<string>(count).fill(entry).join(", ")
  for (const [said, address] of [
    // What proxies write.
    ["198.51.100.7", "198.51.100.7"],
    ["2001:db8::7", "2001:db8::7"],
    ["2001:DB8:0:0::7", "2001:db8::7"],
    ["::ffff:198.51.100.7", "198.51.100.7"],
    ["198.51.100.7:4711", "198.51.100.7"],
    ["[2001:db8::7]", "2001:db8::7"],
    ["[2001:db8::7]:4711", "2001:db8::7"],
    ["  198.51.100.7\t", "198.51.100.7"],
    ["198.51.100.7, 10.1.2.3", "198.51.100.7"],
    ["198.51.100.7,10.1.2.3,::1,192.0.2.1,127.0.0.53,::ffff:10.9.9.9,2001:db8:ffff::1", "198.51.100.7"],
    // Lies in front of it.
    ["6.6.6.6, 198.51.100.7", "198.51.100.7"],
    ["10.1.1.1, 198.51.100.7", "198.51.100.7"],
    ["127.0.0.1, 198.51.100.7", "198.51.100.7"],
    ["6.6.6.6, 198.51.100.7, 10.1.2.3", "198.51.100.7"],
    ["<script>, 198.51.100.7", "198.51.100.7"],
    [`${long(1000, "6.6.6.6")}, 198.51.100.7`, "198.51.100.7"],
    // All of them proxies: the one that is furthest away.
    ["10.1.1.1, 10.2.2.2", "10.1.1.1"],
    // What is no address: nobody vouches for what stands before it.
    ["", "10.0.0.1"],
    [",", "10.0.0.1"],
    ["6.6.6.6,", "10.0.0.1"],
    ["6.6.6.6, ,10.1.2.3", "10.1.2.3"],
    [",10.1.2.3", "10.1.2.3"],
    ["6.6.6.6, unknown", "10.0.0.1"],
    ["6.6.6.6, unknown, 10.1.2.3", "10.1.2.3"],
    ["6.6.6.6 10.1.2.3", "10.0.0.1"],
    ["6.6.6.6; 10.1.2.3", "10.0.0.1"],
    ["for=6.6.6.6", "10.0.0.1"],
    ['"6.6.6.6"', "10.0.0.1"],
    ["example.com", "10.0.0.1"],
    ["999.1.1.1", "10.0.0.1"],
    ["1.2.3", "10.0.0.1"],
    ["0x7f.1", "10.0.0.1"],
    ["017.0.0.1", "10.0.0.1"],
    ["6.6.6.6:", "10.0.0.1"],
    ["6.6.6.6:123456", "10.0.0.1"],
    ["6.6.6.6:80:80", "10.0.0.1"],
    ["[6.6.6.6]", "10.0.0.1"],
    ["[2001:db8::7", "10.0.0.1"],
    ["2001:db8::7]:80", "10.0.0.1"],
    ["[2001:db8::7]80", "10.0.0.1"],
    ["[]", "10.0.0.1"],
    ["::1::", "10.0.0.1"],
    ["6.6.6.6\0", "10.0.0.1"],
    ["local", "10.0.0.1"],
    // No further than a few hops.
    [`6.6.6.6, ${long(100, "10.1.2.3")}`, "10.1.2.3"],
  ] as const) {
    const shown = said.length > 80 ? `${said.slice(0, 40)}… (${said.length})` : said
    it(`behind a proxy that says ${JSON.stringify(shown)} is ${address}`, () =>
      expect(clientOf(request("10.0.0.1", { "x-forwarded-for": said }), proxies).address).toBe(address))
  }

  for (const [said, scheme] of [
    [undefined, "http"],
    ["https", "https"],
    ["HTTPS ", "https"],
    ["http", "http"],
    ["http, https", "https"],
    ["https,http", "http"],
    ["https,", "http"],
    ["wss", "http"],
    ["", "http"],
    ["https;", "http"],
  ] as const) {
    it(`behind a proxy that says ${JSON.stringify(said)} has asked by ${scheme}`, () =>
      expect(clientOf(request("10.0.0.1", said === undefined ? {} : { "x-forwarded-proto": said }), proxies).scheme).toBe(scheme))
  }

  it("is another when the list of proxies changes, on the same connection too", () => {
    const req = request("10.0.0.1", { "x-forwarded-for": "198.51.100.7" })
    const addresses = [noProxies, proxies, noProxies].map((trusted) => clientOf(req, trusted).address)
    expect(addresses).toEqual(["10.0.0.1", "198.51.100.7", "10.0.0.1"])
  })
})

describe("over a real connection", () => {
  const trusted = trustedProxies("loopback")
  const server = createServer((req, res) => {
    const { address, scheme } = clientOf(req, trusted)
    res.end(`${address} ${scheme} ${limitKeyOf(req, trusted)} ${isDirectLoopback(req)}`)
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, resolve)))
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  for (const [headers, answer] of [
    [[], "127.0.0.1 http undefined true"],
    [["X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https"], "198.51.100.7 https 198.51.100.7 false"],
    [["X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 198.51.100.7"], "198.51.100.7 http 198.51.100.7 false"],
    [["X-Forwarded-For: 198.51.100.7", "X-FORWARDED-FOR: 127.0.0.9"], "198.51.100.7 http 198.51.100.7 false"],
    [["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For:"], "127.0.0.1 http undefined false"],
    [["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"], "127.0.0.1 http undefined false"],
    [["X-Forwarded-For: 2001:db8:1:2:3::4"], "2001:db8:1:2:3::4 http 2001:db8:1:2::/64 false"],
    [["X-Forwarded-For: 127.0.0.1"], "127.0.0.1 http undefined false"],
  ] as const) {
    it(`${JSON.stringify(headers)} gives ${answer}`, async () => {
      const { port } = server.address() as AddressInfo
      const head = ["GET / HTTP/1.1", "Host: localhost", "Connection: close", ...headers]
      expect((await sendRaw(port, `${head.join("\r\n")}\r\n\r\n`)).body).toContain(answer)
    })
  }
})

describe("limits count", () => {
  for (const [address, key] of [
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["2001:db8:1:0:2::", "2001:db8:1:0::/64"],
    ["::9", "0:0:0:0::/64"],
    ["fe80::1", "fe80:0:0:0::/64"],
    ["local", "local"],
  ] as const)
    it(`${address} as ${key}`, () => expect(addressKey(address)).toBe(key))

  for (const [peer, key] of [
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["127.0.0.1", undefined],
    ["127.8.8.8", undefined],
    ["::ffff:127.0.0.1", undefined],
    ["::1", undefined],
    [undefined, "unknown"],
  ] as const)
    it(`a connection from ${peer} for ${key ?? "nobody"}`, () => expect(limitKeyOf(request(peer), noProxies)).toBe(key))
})

describe("an address in its canonical form", () => {
  for (const [text, canonical] of [
    ["1.2.3.4", "1.2.3.4"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["0:0:0:0:0:ffff:102:304", "1.2.3.4"],
    ["::FFFF:1.2.3.4%eth0", "1.2.3.4"],
    ["2001:0DB8::0:1", "2001:db8::1"],
    ["::ffff:0:1.2.3.4", "::ffff:0:102:304"],
    ["1.2.3.4 ", undefined],
    ["", undefined],
    ["::1%", undefined],
    ["localhost", undefined],
  ] as const)
    it(`${JSON.stringify(text)}: ${canonical}`, () => expect(canonicalAddress(text)).toBe(canonical))
})

describe("a request from a program on this machine", () => {
  for (const host of [
    "localhost",
    "LOCALHOST:4698",
    "localhost.",
    "admin.localhost:80",
    "127.0.0.1",
    "127.0.0.1:4698",
    "[::1]",
    "[::1]:4698",
  ])
    it(`is known by Host: ${host}`, () => {
      for (const peer of ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]) expect(isDirectLoopback(request(peer, { host }))).toBe(true)
    })

  for (const [peer, headers] of [
    ["192.0.2.7", { host: "localhost" }],
    ["::ffff:192.0.2.7", { host: "localhost" }],
    ["10.0.0.1", { host: "localhost" }],
    [undefined, { host: "localhost" }],
    // A page of another host, whose name leads here.
    ["127.0.0.1", { host: "evil.example" }],
    ["127.0.0.1", { host: "evil.example:4698" }],
    ["127.0.0.1", { host: "localhost.evil.example" }],
    ["127.0.0.1", { host: "evillocalhost" }],
    ["127.0.0.1", { host: "127.0.0.1.evil.example" }],
    ["127.0.0.1", { host: "[::1]evil" }],
    ["127.0.0.1", { host: "localhost:80@evil.example" }],
    ["127.0.0.1", { host: "" }],
    ["127.0.0.1", {}],
    // Passed on by a proxy.
    ["127.0.0.1", { host: "localhost", "x-forwarded-for": "127.0.0.1" }],
    ["127.0.0.1", { host: "localhost", "x-forwarded-for": "" }],
    ["127.0.0.1", { host: "localhost", "x-forwarded-proto": "https" }],
    ["127.0.0.1", { host: "localhost", "x-forwarded-anything": "1" }],
    ["127.0.0.1", { host: "localhost", forwarded: "for=_hidden" }],
    ["127.0.0.1", { host: "localhost", via: "1.1 proxy" }],
    ["127.0.0.1", { host: "localhost", "x-real-ip": "127.0.0.1" }],
  ] as const)
    it(`is not what comes from ${peer} with ${JSON.stringify(headers)}`, () => expect(isDirectLoopback(request(peer, headers))).toBe(false))
})
