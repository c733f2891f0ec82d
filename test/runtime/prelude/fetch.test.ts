import { beforeAll, beforeEach, describe, expect, it } from "vitest"
import { GuestError, type HostAnswer } from "../../../src/runtime/host.ts"
import { startGuest, type TestGuest, webPrelude } from "./guest.ts"

interface Asked {
  readonly question: unknown
  readonly body: string
}

const asked: Array<Asked> = []
let answer: () => Promise<HostAnswer>
let guest: TestGuest

const answered = (more: Readonly<Record<string, unknown>> = {}, body = "hello"): Promise<HostAnswer> =>
  Promise.resolve({
    text: JSON.stringify({
      status: 200,
      statusText: "OK",
      headers: ["content-type", "text/plain", "set-cookie", "a=1", "set-cookie", "b=2"],
      url: "https://a.b/",
      redirected: false,
      ...more,
    }),
    bytes: Buffer.from(body),
  })

beforeAll(async () => {
  guest = await startGuest(await webPrelude(), {
    fetch: {
      kind: "async",
      takes: "sb",
      start: (text: string, body: Uint8Array) => {
        asked.push({ question: JSON.parse(text), body: Buffer.from(body).toString() })
        return answer()
      },
    },
  })
})

beforeEach(() => {
  asked.length = 0
  answer = answered
})

describe("fetch", () => {
  it("asks the host and makes a Response of what it says", async () => {
    expect(
      await guest.run(`
        const r = await fetch("https://a.b/")
        return [r.status, r.statusText, r.ok, r.url, r.redirected, r.type, r.headers.getSetCookie(), await r.text()]`),
    ).toEqual([200, "OK", true, "https://a.b/", false, "basic", ["a=1", "b=2"], "hello"])
    expect(asked).toEqual([{ question: { url: "https://a.b/", method: "GET", headers: [], redirect: "follow", hasBody: false }, body: "" }])
  })

  it.each([
    ["text", "'äx'", ["content-type", "text/plain;charset=UTF-8"], "äx"],
    ["text with U+0000", "'a\\0b'", ["content-type", "text/plain;charset=UTF-8"], "a\0b"],
    ["bytes", "new Uint8Array([97, 98])", [], "ab"],
    ["a form's fields", "new URLSearchParams('a=1')", ["content-type", "application/x-www-form-urlencoded;charset=UTF-8"], "a=1"],
    ["a stream", "new Blob(['ab']).stream()", [], "ab"],
    ["an empty text", "''", ["content-type", "text/plain;charset=UTF-8"], ""],
  ])("sends %s", async (_, body, headers, sent) => {
    await guest.run(`await fetch("https://a.b/", { method: "POST", body: ${body}, redirect: "manual" })`)
    expect(asked).toEqual([{ question: { url: "https://a.b/", method: "POST", headers, redirect: "manual", hasBody: true }, body: sent }])
  })

  it("sends a Request, and uses its body up", async () => {
    expect(
      await guest.run(
        `const r = new Request("https://a.b/x", { method: "PUT", body: "y", headers: { A: "1" } }); await fetch(r, { headers: { B: "2" } }); return r.bodyUsed`,
      ),
    ).toBe(true)
    expect(asked).toEqual([
      { question: { url: "https://a.b/x", method: "PUT", headers: ["b", "2"], redirect: "follow", hasBody: true }, body: "y" },
    ])
  })

  it("gives no body where there can be none", async () => {
    answer = () => answered({ status: 204 }, "")
    expect(await guest.run(`const r = await fetch("https://a.b/"); return [r.status, r.body]`)).toEqual([204, null])
  })

  it("rejects with a TypeError that says why", async () => {
    answer = () => Promise.reject(new GuestError("The host is private.", { name: "TypeError", code: "NET_BLOCKED" }))
    expect(await guest.run(`return fetch("https://a.b/").catch((e) => [e instanceof TypeError, e.message, e.code])`)).toEqual([
      true,
      "The host is private.",
      "NET_BLOCKED",
    ])
  })

  it("keeps other errors as they are", async () => {
    answer = () => Promise.reject(new GuestError("It took too long.", { name: "TimeoutError" }))
    expect(await guest.run(`return fetch("https://a.b/").catch((e) => [e.name, e.message])`)).toEqual(["TimeoutError", "It took too long."])
  })

  it.each([
    ["a relative URL", 'fetch("/x")', "TypeError"],
    ["a body for GET", 'fetch("https://a.b", { body: "x" })', "TypeError"],
    ["a signal that is aborted", 'fetch("https://a.b", { signal: AbortSignal.abort() })', "AbortError"],
  ])("rejects %s before it asks", async (_, code, name) => {
    expect(await guest.run(`return ${code}.catch((e) => e.name)`)).toBe(name)
    expect(asked).toEqual([])
  })

  it("rejects when its signal is aborted while it waits", async () => {
    answer = () => new Promise(() => {})
    expect(
      await guest.run(
        `const c = new AbortController(); setTimeout(() => c.abort(), 5); return fetch("https://a.b", { signal: c.signal }).catch((e) => [e.name, e instanceof DOMException])`,
      ),
    ).toEqual(["AbortError", true])
    expect(await guest.run(`return fetch("https://a.b", { signal: AbortSignal.timeout(5) }).catch((e) => e.name)`)).toBe("TimeoutError")
  })

  it("asks several at once", async () => {
    expect(await guest.run(`return Promise.all([1, 2, 3].map(async (n) => (await fetch("https://a.b/" + n)).status))`)).toEqual([
      200, 200, 200,
    ])
  })
})
