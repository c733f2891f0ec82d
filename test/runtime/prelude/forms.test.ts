import { beforeAll, describe, expect, it } from "vitest"
import { startGuest, type TestGuest, webPrelude } from "./guest.ts"
import { each, likeNode } from "./likeNode.ts"

likeNode("Blob and File", {
  "of parts":
    "const b = new Blob(['ä', new Uint8Array([97]), new Blob(['b']), new Uint8Array([1, 99]).subarray(1), 5], { type: 'TEXT/Plain' }); return [b.size, b.type, await b.text()]",
  "of nothing": "const b = new Blob(); return [b.size, b.type, await b.text()]",
  "of text": "new Blob('text')",
  "bytes are copied": "const u = new Uint8Array([97]); const b = new Blob([u]); u[0] = 98; (await b.bytes())[0] = 99; return b.text()",
  slice:
    "const b = new Blob(['abcdef'], { type: 'a/b' }); return [await b.slice(1, 3).text(), await b.slice(-2).text(), b.slice(1, 3).type, b.slice(0, 1, 'x/y').type, await b.slice(4, 2).text()]",
  arrayBuffer: "[...new Uint8Array(await new Blob(['ab']).arrayBuffer())]",
  stream: "const all = []; for await (const c of new Blob(['abc']).stream()) all.push(...c); return all",
  "a strange type": "new Blob([], { type: 'ä' }).type",
  File: "const f = new File(['x'], 'n.txt', { type: 'text/plain', lastModified: 5 }); return [f.name, f.size, f.type, f.lastModified, f instanceof Blob, await f.text()]",
  "File by default": "const f = new File([], 'n'); return [f.type, Math.abs(f.lastModified - Date.now()) < 1000]",
  "File without a name": "new File([])",
})

likeNode("FormData", {
  "append, get, has":
    "const f = new FormData(); f.append('a', 1); f.append('a', 'x'); f.append('b', new Blob(['y'], { type: 't/t' })); return [f.get('a'), f.getAll('a'), f.has('b'), f.get('c'), f.getAll('c'), f.get('b').name, f.get('b').type, f.get('b') instanceof File]",
  set: "const f = new FormData(); f.append('a', '1'); f.append('b', '2'); f.append('a', '3'); f.set('a', 'x'); f.set('c', 'y'); return [...f]",
  delete: "const f = new FormData(); f.append('a', '1'); f.append('b', '2'); f.append('a', '3'); f.delete('a'); return [...f]",
  "file names":
    "const f = new FormData(); f.append('a', new File(['x'], 'one.txt')); f.append('b', new File(['x'], 'one.txt'), 'two.txt'); f.append('c', new Blob(['x']), 'three.txt'); return [f.get('a').name, f.get('b').name, f.get('c').name]",
  "a name for text": "new FormData().append('a', 'b', 'c')",
  "of a form": "new FormData({})",
  "going through":
    "const f = new FormData(); f.append('a', '1'); f.append('b', '2'); const all = []; f.forEach((v, k) => all.push(k, v)); return [all, [...f.keys()], [...f.values()], [...f.entries()], Object.fromEntries(f)]",
  "as a body":
    "const f = new FormData(); f.append('a\\r\\n\"b', 'line\\nbreak'); f.append('f', new File([new Uint8Array([0, 255, 13, 10])], 'ä\"b.bin', { type: 'x/y' })); const r = new Response(f); const [type, boundary] = r.headers.get('content-type').split('; boundary='); const text = await r.clone().text(); const back = await r.formData(); const file = back.get('f'); return [type, text.replaceAll(boundary, 'B'), [...back.keys()], back.get('a\\r\\n\"b'), file.name, file.type, [...await file.bytes()]]",
  "an empty form as a body": "const r = new Response(new FormData()); return [...await r.formData()]",
})

const read = `const [type, body] = _; const f = await new Response(body, { headers: { 'content-type': type } }).formData();
  return Promise.all([...f].map(async ([k, v]) => typeof v === 'string' ? [k, v] : [k, v.name, v.type, await v.text()]))`
const lines = (...all: ReadonlyArray<string>): string => all.join("\r\n")
const multipart = "multipart/form-data; boundary=B"

likeNode(
  "reading forms",
  each(read, [
    ["application/x-www-form-urlencoded", "a=1&b=x+y&a=%C3%A4&c"],
    ["application/x-www-form-urlencoded; charset=UTF-8", "a=1"],
    ["application/x-www-form-urlencoded", ""],
    ["text/plain", "a=1"],
    [multipart, lines("--B", 'Content-Disposition: form-data; name="a"', "", "1", "--B--", "")],
    [multipart, lines("--B", 'content-disposition: form-data; name="a"', "", "", "--B--", "")],
    [multipart, lines("--B", 'Content-Disposition: form-data; filename="x; name=y.txt"; name="f"', "", "1", "--B--", "")],
    [multipart, lines("--B", 'Content-Disposition: form-data; name="a"', "", "one", "two", "--Bx", "--B--", "")],
    [
      multipart,
      lines(
        "--B",
        'Content-Disposition: form-data; name="f"; filename="x.txt"',
        "Content-Type: text/html",
        "",
        "ä",
        "--B",
        'Content-Disposition: form-data; name="g"; filename=""',
        "Content-Type: application/octet-stream",
        "",
        "",
        "--B--",
        "",
      ),
    ],
    [multipart, lines("--B", 'Content-Disposition: form-data; name="a%22b%0D%0A"; filename="%22.txt"', "", "x", "--B--", "")],
    ['multipart/form-data; boundary="B"', lines("--B", 'Content-Disposition: form-data; name="a"', "", "1", "--B--", "")],
    ["multipart/form-data", lines("--B", 'Content-Disposition: form-data; name="a"', "", "1", "--B--", "")],
    [multipart, lines("--B", 'Content-Disposition: form-data; name="a"', "", "1")],
    [multipart, lines("--B", "Content-Disposition: form-data", "", "1", "--B--", "")],
    [multipart, lines("--B", 'Content-Disposition: attachment; name="a"', "", "1", "--B--", "")],
    [multipart, lines("--C", 'Content-Disposition: form-data; name="a"', "", "1", "--C--", "")],
    [multipart, "nonsense"],
    [multipart, ""],
    ["MULTIPART/Form-Data; BOUNDARY=B", lines("--B", 'Content-Disposition: form-data; name="a"', "", "1", "--B--", "")],
  ]),
)

describe("forms of any bytes", () => {
  let guest: TestGuest
  beforeAll(async () => {
    guest = await startGuest(await webPrelude())
  })

  it("come back as they were", async () => {
    expect(
      await guest.run(`
        const bytes = crypto.getRandomValues(new Uint8Array(60000))
        const form = new FormData()
        form.append("one", new File([bytes], "one.bin"))
        form.append("two", "x\\0y")
        const body = await new Response(form).arrayBuffer()
        const type = new Response(form).headers.get("content-type")
        const response = new Response(form)
        const back = await response.formData()
        const same = await back.get("one").bytes()
        return [same.length === bytes.length && same.every((byte, i) => byte === bytes[i]), back.get("two"), body.byteLength > 60000, type.length < 80]`),
    ).toEqual([true, "x\0y", true, true])
  })
})
