import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { fetchBindingOver } from "../../../src/runtime/bindings/fetch.ts"
import type { HostAnswer, HostTask, Invocation, InvocationLimits } from "../../../src/runtime/host.ts"
import { failure, startHost, type TestHost, type TestNet, testNet } from "./servers.ts"

let host: TestHost
let net: TestNet

beforeAll(async () => {
  host = await startHost((req, res, body) =>
    req.url === "/away" ? res.writeHead(302, { location: "/" }).end() : res.writeHead(200, { "x-a": "1" }).end(`got ${body}`),
  )
  net = testNet(() => [host.port])
})

afterAll(async () => {
  await net.close()
  await host.stop()
})

const run = (limits: Partial<InvocationLimits> = {}, settled = async () => true) => {
  let left = 0
  const over = new AbortController()
  const invocation = {
    site: "blog",
    outbound: () => void left++,
    settled,
    signal: over.signal,
    limits: { subrequests: 50, subrequestBytes: 1000, subrequestMs: 5000, allowedHosts: [], storageKeys: 0, storageBytes: 0, ...limits },
  } as unknown as Invocation
  const start = (fetchBindingOver(() => net)(() => invocation)["fetch"] as HostTask).start as unknown as (
    text: string,
    body: Uint8Array,
  ) => Promise<HostAnswer>
  const call = (request: object = {}, body = new Uint8Array()): Promise<HostAnswer> =>
    start(
      JSON.stringify({ url: `http://a.example:${host.port}/`, method: "GET", headers: [], redirect: "follow", hasBody: false, ...request }),
      body,
    )
  return { call, over, left: () => left }
}

describe("fetch of user code", () => {
  it("gives status and headers as JSON, and the body beside them", async () => {
    const { text, bytes } = await run().call()
    expect(JSON.parse(text)).toMatchObject({ status: 200, statusText: "OK", url: `http://a.example:${host.port}/`, redirected: false })
    expect(JSON.parse(text).headers.slice(0, 2)).toEqual(["x-a", "1"])
    expect(Buffer.from(bytes!).toString()).toBe("got ")
  })

  it("takes a copy of the body, which is the guest's only during the call", async () => {
    const body = Buffer.from("before")
    const answer = run().call({ method: "POST", hasBody: true }, body)
    body.write("after!")
    expect(Buffer.from((await answer).bytes!).toString()).toBe("got before")
  })

  it("lets nothing leave that rests on what was never stored", async () => {
    const { call, left } = run({}, async () => false)
    expect(await failure(call())).toMatchObject({ code: "CONFLICT" })
    expect(left()).toBe(0)
  })

  it("says before anything leaves that something will", async () => {
    const { call, left } = run()
    expect(await failure(call({ url: "http://localhost/" }))).toMatchObject({ name: "TypeError", code: "NET_BLOCKED" })
    expect(left()).toBe(0)
    await call()
    expect(left()).toBe(1)
  })

  it("makes at most so many calls in one request, redirects included", async () => {
    const { call } = run({ subrequests: 3 })
    await call()
    await call({ url: `http://a.example:${host.port}/away` })
    expect(await failure(call())).toMatchObject({
      name: "TypeError",
      code: "NET_LIMIT",
      message: expect.stringContaining("functions.subrequests"),
    })
    await run({ subrequests: 3 }).call()
  })

  it("keeps to the limits of the run", async () => {
    expect(await failure(run({ subrequestBytes: 3 }).call())).toMatchObject({ code: "NET_SIZE" })
    expect(await failure(run({ subrequestBytes: 3 }).call({ method: "PUT", hasBody: true }, Buffer.from("long")))).toMatchObject({
      code: "NET_SIZE",
    })
    expect(await failure(run({ allowedHosts: ["b.example"] }).call())).toMatchObject({ code: "NET_BLOCKED" })
  })

  it("ends with the run", async () => {
    const { call, over, left } = run()
    over.abort()
    expect(await failure(call())).toMatchObject({ name: "AbortError" })
    expect(left()).toBe(0)
  })

  for (const request of [{ url: 1 }, { method: null }, { headers: ["a"] }, { headers: [1, 2] }, { headers: {} }, { redirect: "loop" }])
    it(`refuses ${JSON.stringify(request)}`, async () => expect(await failure(run().call(request))).toMatchObject({ name: "TypeError" }))
})
