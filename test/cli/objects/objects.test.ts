import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { sha256 } from "../../support/api.ts"
import { startServer, type TestServer } from "../../support/server.ts"
import { type Around, runVerb } from "../runVerb.ts"
import { tree } from "../tree.ts"

let server: TestServer
let remote: ReadonlyArray<string>
beforeAll(async () => {
  server = await startServer()
  remote = ["--to", `localhost:${server.port}`, "--token", await server.key("kv")]
})
afterAll(() => server.stop())

const here = (args: ReadonlyArray<string>, around?: Around) => runVerb(["objects", ...args, "--db", server.db], around)
const byKey = (args: ReadonlyArray<string>, around?: Around) => runVerb(["objects", ...args, ...remote], around)

const large = "x".repeat(3_000_000)

describe("fazt objects", () => {
  it("stores, prints, lists and deletes objects, and shows what they have been", async () => {
    const folder = tree({ "large.txt": large, "empty.bin": "" })
    const stored = await byKey(["put", "root", "files/large.txt", join(folder, "large.txt")])
    expect([stored.code, stored.stdout]).toEqual([0, "✓ files/large.txt of root is stored (3.0 MB, version 1)\n"])
    expect((await byKey(["get", "root", "files/large.txt"])).bytes.toString()).toBe(large)
    expect((await here(["put", "root", "files/empty", join(folder, "empty.bin"), "--json"])).json).toMatchObject({
      size_bytes: 0,
      type: "application/octet-stream",
    })
    expect((await here(["get", "root", "files/empty"])).bytes).toHaveLength(0)
    const put = await here(["put", "root", "files/large.txt", "-", "--type", "text/x-note", "--json"], { stdin: "short\n" })
    expect(put.json).toMatchObject({ path: "files/large.txt", type: "text/x-note", version: 2, hash: sha256("short\n") })
    expect((await here(["get", "root", "files/large.txt"])).bytes.toString()).toBe("short\n")
    expect((await here(["get", "root", "files/large.txt", "--at", "1"])).bytes).toHaveLength(large.length)
    expect((await byKey(["get", "root", "files/large.txt", "--json"])).json).toMatchObject({
      type: "text/x-note",
      size_bytes: 6,
      base64: "c2hvcnQK",
    })

    const listed = await here(["list", "root"])
    expect(listed.stdout).toMatch(
      /^PATH +SIZE +TYPE +SHA-256 +VERSION +UPDATED\nfiles\/empty +0 B .*\nfiles\/large.txt +6 B +text\/x-note /,
    )
    expect((await byKey(["list", "root", "files/l", "--json"])).json.data).toHaveLength(1)
    expect((await here(["list", "root", "-n", "1"])).stdout).toContain("more: --cursor 'files/empty'")
    expect((await here(["list", "404"])).stdout).toBe("404 has no such objects.\n")

    expect((await here(["delete", "root", "files/large.txt", "--if-version", "1"])).code).toBe(5)
    expect(await here(["delete", "root", "files/large.txt"])).toMatchObject({ code: 0, stdout: "✓ files/large.txt of root is deleted\n" })
    const was = await here(["history", "root", "files/large.txt"])
    expect(was.stdout.split("\n").map((line) => line.trim().split(/ {2,}/).at(-1))).toEqual([
      "CONTENT",
      "deleted",
      `6 B text/x-note ${sha256("short\n").slice(0, 12)}`,
      `3.0 MB text/plain; charset=utf-8 ${sha256(large).slice(0, 12)}`,
      "",
    ])
    expect((await byKey(["history", "root", "files/large.txt", "--before", "2", "--json"])).json.data).toHaveLength(1)
  })

  it.each<[ReadonlyArray<string>, number, string]>([
    [["get", "root", "nothing"], 3, "nothing"],
    [["get", "nowhere", "x"], 3, "nowhere"],
    [["put", "root", "x", "/nonexistent"], 1, "cannot read /nonexistent"],
    [["put", "root", "x", "FOLDER"], 1, "it is no file"],
    [["put", "root", "x", "-", "--if-version", "4"], 5, "version"],
    [["delete", "root", "nothing"], 3, "nothing"],
    [["list", "nowhere"], 3, "nowhere"],
  ])("refuses %j", async (args, code, says) => {
    const folder = join(tree(), "folder")
    mkdirSync(folder)
    const refused = await here(args.map((arg) => (arg === "FOLDER" ? folder : arg)))
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([code, "", expect.stringContaining(says)])
  })
})
