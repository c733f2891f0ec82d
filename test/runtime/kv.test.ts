import { beforeAll, describe, expect, it } from "vitest"
import { kvBinding } from "../../src/runtime/bindings/kv.ts"
import type { Kv, makeKv as MakeKv } from "../../src/runtime/prelude/kv.ts"
import { current, installHost } from "../support/guest.ts"
import { codeOf, requests } from "../support/requests.ts"

let makeKv: typeof MakeKv
let kv: Kv
beforeAll(async () => {
  installHost(kvBinding)
  ;({ makeKv } = await import("../../src/runtime/prelude/kv.ts"))
  kv = makeKv()
})

const { begin: beginRequest, finish: endRequest } = requests()

describe("kv", () => {
  it("keeps any JSON value, in the request and after it", async () => {
    const values = { n: 1.5, s: "\0 é 😀 \u2028", t: true, z: null, l: [1, [2]], o: { a: { b: [] }, __proto__: 1 }, e: "", "": 0 }
    const entries = Object.entries({ ...values, d: new Date(5), big: "x".repeat(400_000) })
    for (const [key, value] of entries) kv.set(`k${key}`, value)
    for (let time = 0; time < 2; time++) {
      for (const [key, value] of entries) expect(kv.get(`k${key}`)).toEqual(JSON.parse(JSON.stringify(value)))
      await endRequest().catch(() => {})
    }
  })

  it("gives undefined for what is not there, or null where that is asked for", () => {
    expect([kv.get("x"), makeKv({ missing: null }).get("x"), kv.has("x")]).toEqual([undefined, null, false])
  })

  it("returns plain values that can be awaited", async () => {
    expect(kv.set("x", 1)).toBeUndefined()
    expect([kv.get("x"), await kv.get("x"), kv.has("x")]).toEqual([1, 1, true])
  })

  it("deletes, and says whether there was anything to delete", async () => {
    kv.set("x", 1)
    await endRequest()
    expect([kv.delete("x"), kv.get("x"), kv.delete("x")]).toEqual([true, undefined, false])
    await endRequest()
    expect(kv.has("x")).toBe(false)
  })

  for (const [title, expiry, until] of [
    ["milliseconds", 500, 1500],
    ["ttl", { ttl: 500 }, 1500],
    ["expires as a number", { expires: 1200 }, 1200],
    ["expires as a date", { expires: new Date(1200) }, 1200],
    ["expires later than any date", { expires: 9e15 }, 8.64e15],
    ["nothing", undefined, undefined],
    ["null", null, undefined],
    ["0", 0, undefined],
  ] as const) {
    it(`expires by ${title}`, async () => {
      kv.set("x", 1, expiry)
      expect(kv.list("")).toEqual([until === undefined ? { key: "x", value: 1 } : { key: "x", value: 1, expiresAt: until }])
      await endRequest()
      beginRequest((until ?? 10_000) - 1)
      expect([kv.get("x"), kv.list("").length]).toEqual([1, 1])
      beginRequest(until ?? 1e12)
      expect([kv.has("x"), kv.list("").length]).toEqual(until === undefined ? [true, 1] : [false, 0])
    })
  }

  it("forgets the expiry when it is set anew, and keeps it when it is counted up", () => {
    kv.set("x", 1, 500)
    kv.set("y", 1, 500)
    kv.set("x", 2)
    kv.incr("y")
    expect(kv.list("")).toEqual([
      { key: "x", value: 2 },
      { key: "y", value: 2, expiresAt: 1500 },
    ])
  })

  it("counts", async () => {
    expect([kv.incr("n"), kv.incr("n", 2), kv.incr("n", -0.5), kv.get("n")]).toEqual([1, 3, 2.5, 2.5])
    kv.set("text", "1")
    expect([codeOf(() => kv.incr("text")), codeOf(() => kv.incr("n", Number.NaN)), codeOf(() => kv.incr("n", "1"))]).toEqual([
      "KV_NOT_A_NUMBER",
      "KV_VALUE_INVALID",
      "KV_VALUE_INVALID",
    ])
    kv.set("n", Number.MAX_VALUE)
    expect(codeOf(() => kv.incr("n", Number.MAX_VALUE))).toBe("KV_VALUE_INVALID")
  })

  it("compares by value and sets", () => {
    expect(kv.cas("x", 1, 2)).toBe(false)
    expect(kv.cas("x", undefined, { a: 1, b: 2 })).toBe(true)
    expect(kv.cas("x", undefined, 3)).toBe(false)
    expect(kv.cas("x", { b: 2, a: 1 }, "")).toBe(true)
    expect(kv.cas("x", "", undefined)).toBe(true)
    expect(kv.has("x")).toBe(false)
  })

  it("lists by prefix in order, committed and not yet committed together, in pages", async () => {
    for (const key of ["b", "a/3", "a/1", "a%", "ab"]) kv.set(key, key)
    await endRequest()
    kv.set("a/2", "new")
    kv.delete("a/3")
    kv.set("a/1", "changed")
    expect(kv.list("a/")).toEqual([
      { key: "a/1", value: "changed" },
      { key: "a/2", value: "new" },
    ])
    expect(kv.list("a%")).toEqual([{ key: "a%", value: "a%" }])
    expect(kv.list({ prefix: "a/", values: false })).toEqual({ keys: ["a/1", "a/2"] })
    expect(kv.list().length).toBe(5)
    const seen: Array<string> = []
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const page: { keys: Array<string>; cursor?: string } = kv.list({ limit: 2, cursor, values: false })
      seen.push(...page.keys)
      cursor = page.cursor
    }
    expect(seen).toEqual(["a%", "a/1", "a/2", "ab", "b"])
  })

  it("does not cut a list off silently", () => {
    beginRequest(1000, { storageBytes: 1e9 })
    for (let n = 0; n < 9; n++) kv.set(`big${n}`, "x".repeat(1_000_000))
    expect(codeOf(() => kv.list("big"))).toBe("KV_LIST_TOO_LONG")
    const page = kv.list({ prefix: "big" })
    expect([page.items.length, page.cursor]).toEqual([8, "big7"])
  })
})

describe("kv refuses", () => {
  const deep = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`)
  for (const [title, run, expected] of [
    ["an empty key", () => kv.set("", 1), "KV_KEY_INVALID"],
    ["a key that is no string", () => kv.get({}), "KV_KEY_INVALID"],
    ["a control character", () => kv.get("a\n"), "KV_KEY_INVALID"],
    ["a zero character", () => kv.get("a\0b"), "KV_KEY_INVALID"],
    ["half a character", () => kv.get("\ud800"), "KV_KEY_INVALID"],
    ["a key of 513 bytes", () => kv.set(`${"é".repeat(256)}x`, 1), "KV_KEY_INVALID"],
    ["undefined", () => kv.set("x", undefined), "KV_VALUE_INVALID"],
    ["a function", () => kv.set("x", () => {}), "KV_VALUE_INVALID"],
    ["a bigint", () => kv.set("x", 1n), "KV_VALUE_INVALID"],
    ["more than 500 levels", () => kv.set("x", deep(501)), "KV_VALUE_INVALID"],
    ["a negative time to live", () => kv.set("x", 1, -1), "KV_EXPIRY_INVALID"],
    ["an invalid date", () => kv.set("x", 1, { expires: new Date("x") }), "KV_EXPIRY_INVALID"],
    ["a limit of 0", () => kv.list({ limit: 0 }), "KV_LIMIT_INVALID"],
  ] as const) {
    it(title, () => expect(codeOf(run)).toBe(expected))
  }

  it("nothing that just fits", () => {
    kv.set("é".repeat(256), deep(500))
    kv.set("x", `${"[".repeat(2000)}`)
    expect(kv.get("é".repeat(256))).toEqual(deep(500))
    expect(kv.get(7)).toBeUndefined()
  })

  it("what goes over the quota, and says how much there is", async () => {
    beginRequest(1000, { storageKeys: 2, storageBytes: 100 })
    kv.set("a", "x".repeat(50))
    kv.set("b", 1)
    expect(codeOf(() => kv.set("c", 1))).toBe("QUOTA_EXCEEDED")
    expect(() => kv.set("c", 1)).toThrow("The site a stores 2 keys, documents and objects of at most 2, and this would add 1.")
    expect(() => kv.set("a", "x".repeat(98))).toThrow(/stores 53 bytes of at most 100, and this would add 48.*storage.site_bytes/)
    await endRequest()
    beginRequest(1000, { storageKeys: 2, storageBytes: 53 })
    expect(codeOf(() => kv.set("c", 1))).toBe("QUOTA_EXCEEDED")
    kv.set("a", "smaller")
    kv.delete("b")
    kv.set("c", 1)
    // An earlier unit of this thread counts too, before it is committed.
    current.invocation.unit!().finish()
    beginRequest(1000, { storageKeys: 2 })
    expect(codeOf(() => kv.set("d", 1))).toBe("QUOTA_EXCEEDED")
  })
})
