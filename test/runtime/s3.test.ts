import { beforeAll, describe, expect, it } from "vitest"
import { isShown, s3Binding } from "../../src/runtime/bindings/s3.ts"
import { timersBinding } from "../../src/runtime/bindings/timers.ts"
import { webBinding } from "../../src/runtime/bindings/web.ts"
import type { Invocation } from "../../src/runtime/host.ts"
import type { makeS3, S3 } from "../../src/runtime/prelude/s3.ts"
import { current, installHost } from "../support/guest.ts"
import { codeOf, requests } from "../support/requests.ts"

let s3: S3
let objectAnswer: (value: unknown) => unknown
beforeAll(async () => {
  installHost(s3Binding, timersBinding, webBinding)
  const prelude: { readonly makeS3: typeof makeS3 } = await import("../../src/runtime/prelude/s3.ts")
  ;({ objectAnswer } = await import("../../src/runtime/prelude/object.ts"))
  s3 = prelude.makeS3()
})

const { begin, finish } = requests()

const hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

describe("s3", () => {
  it("keeps text and bytes, in the request and after it", async () => {
    expect(s3.put("/a//hello.txt", "hello")).toEqual({
      path: "a/hello.txt",
      mime: "text/plain; charset=utf-8",
      size: 5,
      hash,
      updatedAt: 1000,
    })
    s3.put("bytes", new Uint8Array([1, 2, 3, 4]).subarray(1, 3))
    s3.put("json", '{"a":"\\u0000é"}', "application/json")
    for (let time = 0; time < 2; time++) {
      const object = s3.get("a/hello.txt")!
      expect({ ...object }).toEqual({ data: "aGVsbG8=", mime: "text/plain; charset=utf-8", size: 5, hash })
      expect([object.text(), await object.text(), Buffer.from(object.arrayBuffer()).toString()]).toEqual(["hello", "hello", "hello"])
      expect([...new Uint8Array(s3.get("bytes")!.arrayBuffer())]).toEqual([2, 3])
      expect(s3.get("json")!.json()).toEqual({ a: "\0é" })
      expect(s3.head("bytes")).toMatchObject({ size: 2, mime: "application/octet-stream" })
      await finish()
    }
  })

  it("keeps large objects", async () => {
    begin(1000, { storageBytes: 1e9 })
    const bytes = Buffer.alloc(3_000_000, "abc")
    s3.put("big", new Uint8Array(bytes))
    await finish()
    expect(Buffer.from(s3.get("big")!.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it("gives null for what is not there", () => {
    expect([s3.get("x"), s3.head("x"), s3.serve("x"), s3.delete("x")]).toEqual([null, null, null, false])
  })

  it("gives the content that was there when it was asked for", () => {
    s3.put("x", "old")
    const old = s3.get("x")!
    s3.put("x", "new")
    expect([old.text(), s3.get("x")!.text(), s3.delete("x"), old.text(), s3.get("x")]).toEqual(["old", "new", true, "old", null])
  })

  it("lists by prefix in order, committed and not yet committed together, in pages", async () => {
    for (const path of ["b", "a/3", "a/1"]) s3.put(path, path)
    await finish()
    s3.put("a/2", "new", "text/html")
    s3.delete("a/3")
    expect(s3.list("/a/").map(({ path, mime, size }) => [path, mime, size])).toEqual([
      ["a/1", "text/plain; charset=utf-8", 3],
      ["a/2", "text/html", 3],
    ])
    const page = s3.list({ limit: 2 })
    expect([page.items.length, page.cursor]).toEqual([2, "a/2"])
    expect(s3.list({ limit: 2, cursor: page.cursor! })).toMatchObject({ items: [{ path: "b" }] })
  })

  it("serves an object as an answer that only it can make", () => {
    s3.put("x.png", new Uint8Array(7), "image/png")
    const served = s3.serve("x.png", { status: 203, headers: { "X-A": "1" }, download: 'a"ü.png' })!
    expect(served).toMatchObject({ status: 203, object: { size: 7, type: "image/png" } })
    expect(served.headers).toEqual(["x-a", "1", "content-disposition", "attachment; filename=\"a__.png\"; filename*=UTF-8''a%22%C3%BC.png"])
    expect(objectAnswer(served)).toMatchObject({ body: null, object: { size: 7 } })
    expect(objectAnswer({ ...served })).toBeUndefined()
    expect(() => s3.serve("x.png", { headers: { a: "b\r\nc: d" } })).toThrow(TypeError)
  })

  it("gives the bytes of a blob only to a run that has found it in an object of its site", async () => {
    s3.put("x", "hello")
    await finish()
    expect(isShown(current.invocation as Invocation, hash)).toBe(false)
    const forged = Object.assign(Object.create(Object.getPrototypeOf({})), s3.get("x"))
    expect(isShown(current.invocation as Invocation, hash)).toBe(true)
    expect(forged.text).toBeUndefined()
  })
})

describe("s3 refuses", () => {
  for (const [title, run, expected] of [
    ["an empty path", () => s3.put("//", ""), "OBJECT_PATH_INVALID"],
    ["a way up", () => s3.put("a/../b", ""), "OBJECT_PATH_INVALID"],
    ["a dot", () => s3.get("./a"), "OBJECT_PATH_INVALID"],
    ["a control character", () => s3.get("a\u007f"), "OBJECT_PATH_INVALID"],
    ["a path of 1025 bytes", () => s3.get("a".repeat(1025)), "OBJECT_PATH_INVALID"],
    ["content that is no text and no bytes", () => s3.put("a", { a: 1 }), "OBJECT_CONTENT_INVALID"],
    ["a type that is no header", () => s3.put("a", "", "text/html\r\nx: y"), "OBJECT_TYPE_INVALID"],
    ["more than the quota", () => s3.put("a", new Uint8Array(1_000_001)), "QUOTA_EXCEEDED"],
  ] as const) {
    it(title, () => expect(codeOf(run)).toBe(expected))
  }
})
