import { setTimeout as sleep } from "node:timers/promises"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { failure, startHost, startRaw, type TestHost, type TestNet, testNet, textOf } from "./servers.ts"

let host: TestHost
let net: TestNet
const at = (path: string, name = "a"): string => `http://${name}.example:${host.port}${path}`

beforeAll(async () => {
  host = await startHost((req, res, body) => {
    const { pathname, searchParams } = new URL(req.url!, "http://x")
    switch (pathname) {
      case "/echo":
        res.setHeader("content-type", "application/json")
        return res.end(JSON.stringify({ method: req.method, headers: req.headers, body }))
      case "/headers":
        return res
          .writeHead(
            418,
            "Short and Stout",
            [
              ["Set-Cookie", "a=1"],
              ["set-cookie", "b=2"],
              ["X-Latin", "ä"],
            ].flat(),
          )
          .end()
      case "/large":
        return res.end(Buffer.alloc(Number(searchParams.get("bytes"))))
      case "/endless": {
        const more = (): void => {
          while (!res.destroyed && res.write(Buffer.alloc(65_536)));
          res.once("drain", more)
        }
        return more()
      }
      case "/silent":
        return
      case "/drip": {
        const timer = setInterval(() => res.write("x"), 20)
        return res.once("close", () => clearInterval(timer))
      }
      case "/empty":
        return res.writeHead(204, { "content-encoding": "gzip" }).end()
      case "/coded": {
        const coding = searchParams.get("coding")!
        const pack = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync, raw: deflateRawSync }[coding]!
        return res.writeHead(200, { "content-encoding": coding === "raw" ? "deflate" : coding }).end(pack("hello ".repeat(1000)))
      }
      case "/bomb": {
        const zeros = Buffer.alloc(200_000_000)
        const packed = searchParams.get("coding") === "br" ? brotliCompressSync(zeros, { params: { 1: 1 } }) : gzipSync(zeros)
        return res.writeHead(200, { "content-encoding": searchParams.get("coding")! }).end(packed)
      }
      case "/twice":
        return res.writeHead(200, { "content-encoding": "gzip, gzip" }).end(gzipSync(gzipSync("x")))
      case "/torn":
        return res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("hello ".repeat(1000)).subarray(0, 30))
      case "/unknown-coding":
        return res.writeHead(200, { "content-encoding": "compress" }).end("as it is")
      case "/liar":
        return res.writeHead(200, { "content-encoding": "gzip" }).end("not gzip at all")
      case "/many-headers":
        for (let i = 0; i < 400; i++) res.setHeader(`x-${i}`, "1")
        return res.end()
      case "/large-headers":
        return res.writeHead(200, { "x-large": "a".repeat(100_000) }).end()
      default:
        return res.writeHead(404).end()
    }
  })
  net = testNet(() => [host.port])
})

afterAll(async () => {
  await net.close()
  await host.stop()
})

describe("a call", () => {
  it("brings method, headers and body, and gets the answer", async () => {
    const answer = await net.call({
      url: at("/echo"),
      method: "post",
      headers: ["X-A", "1", "Host", "evil.example"],
      body: Buffer.from("héllo"),
    })
    const { method, headers, body } = JSON.parse(textOf(answer))
    expect([answer.status, answer.redirected, answer.url]).toEqual([200, false, at("/echo")])
    expect([method, headers["x-a"], headers.host, body]).toEqual(["POST", "1", `a.example:${host.port}`, "héllo"])
    expect([headers["user-agent"], headers.accept, headers["accept-encoding"]]).toEqual(["fazt", "*/*", "gzip, deflate, br"])
  })

  it("keeps status text and repeated headers apart", async () => {
    const { status, statusText, headers } = await net.call({ url: at("/headers") })
    expect([status, statusText]).toEqual([418, "Short and Stout"])
    expect(headers.slice(0, 6)).toEqual(["set-cookie", "a=1", "set-cookie", "b=2", "x-latin", "ä"])
  })

  it("leaves the fragment out of its URL", async () => {
    expect((await net.call({ url: at("/echo#part") })).url).toBe(at("/echo"))
    expect(host.seen.at(-1)!.url).toBe("/echo")
  })

  for (const method of ["CONNECT", "TRACE", "TRACK", "trace", "", "G ET", "GET\r\nX: y", "GÉT"])
    it(`refuses the method ${JSON.stringify(method)}`, async () =>
      expect((await failure(net.call({ url: at("/echo"), method }))).message).toMatch(/method/))

  for (const method of ["PATCH", "PROPFIND", "DELETE", "QUERY"])
    it(`may use the method ${method}`, async () =>
      expect(JSON.parse(textOf(await net.call({ url: at("/echo"), method, body: Buffer.from("x") })))).toMatchObject({ method, body: "x" }))

  for (const method of ["GET", "head"])
    it(`refuses a body with ${method}`, async () =>
      expect((await failure(net.call({ url: at("/echo"), method, body: Buffer.from("x") }))).message).toMatch(/cannot have a body/))

  it("sends an empty body as one", async () =>
    expect(JSON.parse(textOf(await net.call({ url: at("/echo"), method: "POST", body: Buffer.alloc(0) }))).headers["content-length"]).toBe(
      "0",
    ))

  it("says what is wrong with a header before anything is sent", async () => {
    const before = host.seen.length
    expect(await failure(net.call({ url: at("/echo"), headers: ["x", "a\r\nb: c"] }))).toMatchObject({ name: "TypeError" })
    expect(host.seen.length).toBe(before)
  })
})

describe("a body", () => {
  it("may be as large as allowed", async () =>
    expect((await net.call({ url: at("/large?bytes=50000") }, { maxBytes: 50_000 })).body.length).toBe(50_000))

  for (const path of ["/large?bytes=50001", "/endless"])
    it(`is refused when it is larger: ${path}`, async () =>
      expect(await failure(net.call({ url: at(path) }, { maxBytes: 50_000 }))).toMatchObject({ name: "TypeError", code: "NET_SIZE" }))

  it("is not sent when it is larger", async () =>
    expect((await failure(net.call({ url: at("/echo"), method: "POST", body: Buffer.alloc(11) }, { maxBytes: 10 }))).code).toBe("NET_SIZE"))

  for (const coding of ["gzip", "br", "deflate", "raw"])
    it(`is unpacked: ${coding}`, async () => {
      const answer = await net.call({ url: at(`/coded?coding=${coding}`) })
      expect(textOf(answer)).toBe("hello ".repeat(1000))
      expect(answer.headers.filter((item) => /^content-(encoding|length)$/.test(item))).toEqual([])
    })

  for (const coding of ["gzip", "br"])
    it(`that grows without end when unpacked stops at the limit: ${coding}`, async () => {
      const before = process.memoryUsage().arrayBuffers
      expect(await failure(net.call({ url: at(`/bomb?coding=${coding}`) }, { ms: 20_000 }))).toMatchObject({ code: "NET_SIZE" })
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300_000_000)
    })

  it("that is packed twice is refused", async () =>
    expect((await failure(net.call({ url: at("/twice") }))).message).toMatch(/more than once/))
  it("that is cut short is refused", async () => expect((await failure(net.call({ url: at("/torn") }))).message).toMatch(/not valid gzip/))
  it("that is not what it says is refused", async () => expect((await failure(net.call({ url: at("/liar") }))).code).toBe("NET_ERROR"))
  it("in an unknown coding comes as it is", async () => expect(textOf(await net.call({ url: at("/unknown-coding") }))).toBe("as it is"))
  it("that is empty needs no unpacking", async () => expect((await net.call({ url: at("/empty") })).status).toBe(204))
  it("is none in an answer to HEAD, however long it would be", async () =>
    expect((await net.call({ url: at("/large?bytes=5000000"), method: "HEAD" })).body.length).toBe(0))
})

describe("a server that does not behave", () => {
  for (const path of ["/silent", "/drip"])
    it(`is given up when the time is over: ${path}`, async () => {
      const started = performance.now()
      expect(await failure(net.call({ url: at(path) }, { ms: 200 }))).toMatchObject({ name: "TypeError", code: "NET_TIMEOUT" })
      expect(performance.now() - started).toBeLessThan(2000)
    })

  for (const path of ["/many-headers", "/large-headers"])
    it(`sends no more headers than allowed: ${path}`, async () =>
      expect((await failure(net.call({ url: at(path) }))).code).toBe("NET_SIZE"))

  it("is left when the request is over", async () => {
    const over = new AbortController()
    const call = failure(net.call({ url: at("/drip") }, { signal: over.signal }))
    await sleep(100)
    over.abort()
    expect(await call).toMatchObject({ name: "AbortError" })
    expect(await failure(net.call({ url: at("/echo") }, { signal: over.signal }))).toMatchObject({ name: "AbortError" })
  })

  for (const [what, bytes] of [
    ["no HTTP", "SSH-2.0-OpenSSH_9.9\r\n"],
    ["a length and another one", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["less than it announced", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"],
    ["nothing", ""],
    ["bad chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
  ] as const)
    it(`fails the call when it sends ${what}`, async () => {
      const raw = await startRaw((socket) => {
        socket.on("error", () => {})
        socket.once("data", () => socket.end(bytes))
      })
      const own = testNet(() => [raw.port])
      const failed = await failure(own.call({ url: `http://raw.example:${raw.port}/` }))
      expect(failed).toMatchObject({ name: "TypeError", code: "NET_ERROR" })
      expect(failed.message).toContain(`raw.example:${raw.port}`)
      await own.close()
      await raw.stop()
    })

  it("fails the call when it does not listen, without a word about addresses", async () => {
    const raw = await startRaw(() => {})
    await raw.stop()
    const own = testNet(() => [raw.port])
    expect(await failure(own.call({ url: `http://gone.example:${raw.port}/` }))).toEqual({
      name: "TypeError",
      code: "NET_ERROR",
      message: `gone.example:${raw.port} refused the connection.`,
    })
  })
})

describe("the calls of one site", () => {
  it("use a socket again", async () => {
    const own = testNet(() => [host.port])
    const before = host.connections
    for (let i = 0; i < 5; i++) {
      await own.call({ url: at("/echo") })
      await sleep(10)
    }
    expect(host.connections - before).toBe(1)
    expect(own.sockets()).toEqual({ blog: 1 })
    await own.close()
  })

  it("do not share it with another site, or another host", async () => {
    const own = testNet(() => [host.port])
    const before = host.connections
    await own.call({ url: at("/echo") })
    await own.call({ url: at("/echo") }, { site: "shop" })
    await own.call({ url: at("/echo", "b") })
    expect(host.connections - before).toBe(3)
    await own.close()
  })

  it("are 16 at once, and the next ones wait", async () => {
    const own = testNet(() => [host.port])
    const before = host.connections
    const calls = Array.from({ length: 40 }, () => failure(own.call({ url: at("/silent") }, { ms: 400 })))
    await sleep(200)
    expect(host.connections - before).toBe(16)
    expect(await own.call({ url: at("/echo") }, { site: "shop" })).toMatchObject({ status: 200 })
    expect((await Promise.all(calls)).every(({ code }) => code === "NET_TIMEOUT")).toBe(true)
    expect(await own.call({ url: at("/echo") })).toMatchObject({ status: 200 })
    await own.close()
  })

  it("leave nothing behind when they are over", async () => {
    const own = testNet(() => [host.port])
    await Promise.all(Array.from({ length: 60 }, (_, i) => own.call({ url: at("/echo", `n${i}`) })))
    expect(own.sockets()["blog"]).toBeLessThanOrEqual(32)
    await sleep(5500)
    expect(own.sockets()).toEqual({})
  })
})
