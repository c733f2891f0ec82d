import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { failure, startHost, type TestHost, type TestNet, testNet, textOf } from "./servers.ts"

let host: TestHost
let net: TestNet
const at = (path: string, name = "a"): string => `http://${name}.example:${host.port}${path}`
const to = (location: string, status = 302, name = "a"): string => at(`/to?status=${status}&location=${encodeURIComponent(location)}`, name)

beforeAll(async () => {
  host = await startHost((req, res, body) => {
    const { pathname, searchParams } = new URL(req.url!, "http://x")
    if (pathname === "/to") {
      const location = searchParams.get("location")
      const headers = location === null ? {} : { location: Buffer.from(location).toString("latin1") }
      return res.writeHead(Number(searchParams.get("status")), headers).end("redirecting")
    }
    if (pathname === "/count") return res.writeHead(302, { location: `/count?n=${Number(searchParams.get("n")) - 1}` }).end()
    return res.end(JSON.stringify({ method: req.method, headers: req.headers, body, url: req.url }))
  })
  net = testNet(() => [host.port])
})

afterAll(async () => {
  await net.close()
  await host.stop()
})

describe("a redirect", () => {
  it("is followed, and the answer says so", async () => {
    const answer = await net.call({ url: to("/end") })
    expect([answer.status, answer.redirected, answer.url]).toEqual([200, true, at("/end")])
  })

  it("keeps its fragment to itself", async () => {
    expect((await net.call({ url: `${to("/end#there")}#here` })).url).toBe(at("/end"))
  })

  it("is read as UTF-8", async () => expect(JSON.parse(textOf(await net.call({ url: to("/é") }))).url).toBe("/%C3%A9"))

  it("is handed over as it is with manual", async () => {
    const answer = await net.call({ url: to("http://127.0.0.1:1/"), redirect: "manual" })
    expect([answer.status, answer.redirected, textOf(answer), answer.headers[answer.headers.indexOf("location") + 1]]).toEqual([
      302,
      false,
      "redirecting",
      "http://127.0.0.1:1/",
    ])
  })

  it("fails the call with error", async () =>
    expect(await failure(net.call({ url: to("/end"), redirect: "error" }))).toMatchObject({ name: "TypeError", code: "NET_ERROR" }))

  it("without a place to go to is an answer", async () => expect((await net.call({ url: at("/to?status=302") })).status).toBe(302))

  for (const status of [300, 304, 305, 306])
    it(`is none with status ${status}`, async () => expect((await net.call({ url: to("/end", status) })).status).toBe(status))

  for (const location of [
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:22/",
    "http://[::1]/",
    "http://2130706433/",
    "//localhost/",
    "http://user:pass@b.example/",
    "file:///etc/passwd",
    "ftp://b.example/",
    "http://b.example:25/",
    "http:\\\\127.0.0.1\\",
  ])
    it(`to ${location} is not followed`, async () => expect((await failure(net.call({ url: to(location) }))).code).toBe("NET_BLOCKED"))

  it("to nonsense fails the call", async () =>
    expect((await failure(net.call({ url: to("http://[") }))).message).toMatch(/not a valid URL/))

  it("to a host that is not on the list is not followed", async () => {
    expect((await failure(net.call({ url: to(at("/end", "b")) }, { allowedHosts: ["a.example"] }))).code).toBe("NET_BLOCKED")
    expect((await net.call({ url: to(at("/end", "b")) }, { allowedHosts: ["*.example"] })).status).toBe(200)
  })
})

describe("redirects", () => {
  it("are followed five times", async () => {
    const chain = (n: number): string => (n === 0 ? at("/end") : to(chain(n - 1)))
    expect((await net.call({ url: chain(5) })).status).toBe(200)
    expect(await failure(net.call({ url: chain(6) }))).toMatchObject({ name: "TypeError", code: "NET_LIMIT" })
  })

  it("in a circle end", async () => expect((await failure(net.call({ url: at("/count?n=9") }))).code).toBe("NET_LIMIT"))

  it("count as calls", async () => {
    let calls = 0
    await net.call({ url: to(to("/end")) }, { beforeEach: () => void calls++ })
    expect(calls).toBe(3)
  })
})

describe("what is sent on", () => {
  for (const [status, method, becomes] of [
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [303, "PUT", "GET"],
    [301, "PUT", "PUT"],
    [302, "DELETE", "DELETE"],
    [307, "POST", "POST"],
    [308, "PATCH", "PATCH"],
    [303, "HEAD", "HEAD"],
    [301, "GET", "GET"],
  ] as const)
    it(`${status} makes ${becomes} of ${method}`, async () => {
      const body = method === "GET" || method === "HEAD" ? undefined : Buffer.from("body")
      await net.call({ url: to("/end", status), method, body, headers: ["Content-Type", "text/x", "X-Kept", "1"] })
      const seen = host.seen.at(-1)!
      const sent = body !== undefined && becomes === method
      expect([seen.method, seen.body, seen.headers["x-kept"]]).toEqual([becomes, sent ? "body" : "", "1"])
      if (body !== undefined) expect(seen.headers["content-type"]).toBe(sent ? "text/x" : undefined)
    })

  for (const [what, location, sent] of [
    ["to the same origin", () => "/end", true],
    ["to another host", () => at("/end", "b"), false],
  ] as const)
    it(`credentials go ${sent ? "along" : "not"} ${what}`, async () => {
      await net.call({ url: to(location()), headers: ["Authorization", "Bearer x", "Cookie", "a=1", "X-Other", "2"] })
      const { headers } = host.seen.at(-1)!
      expect([headers["authorization"], headers["cookie"], headers["x-other"]]).toEqual(
        sent ? ["Bearer x", "a=1", "2"] : [undefined, undefined, "2"],
      )
    })

  it("credentials do not come back", async () => {
    await net.call({ url: to(to(at("/end"), 302, "b")), headers: ["Authorization", "Bearer x"] })
    expect(host.seen.at(-1)!.headers["authorization"]).toBeUndefined()
  })
})
