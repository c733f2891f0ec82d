import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
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

const here = (args: ReadonlyArray<string>, around?: Around) => runVerb(["documents", ...args, "--db", server.db], around)
const byKey = (args: ReadonlyArray<string>, around?: Around) => runVerb(["documents", ...args, ...remote], around)

describe("fazt documents", () => {
  it("sets, gets, lists and deletes documents, and shows what they have been", async () => {
    expect(await here(["set", "root", "posts", "p1", '{"title":"Hello"}'])).toMatchObject({
      code: 0,
      stdout: "✓ p1 of posts is set (17 B, version 1)\n",
    })
    expect((await byKey(["set", "root", "posts", "p1", "--file", "-", "--json"], { stdin: '{"title":"Good day"}\n' })).json).toMatchObject({
      version: 2,
    })
    const file = join(tree({ "post.json": '{"title":"Second","n":2}' }), "post.json")
    expect((await byKey(["set", "root", "posts", "p2", "--file", file])).code).toBe(0)

    expect((await byKey(["get", "root", "posts", "p1"])).stdout).toBe('{"title":"Good day"}\n')
    expect((await here(["get", "root", "posts", "p1", "--at", "1"])).stdout).toBe('{"title":"Hello"}\n')
    expect((await here(["get", "root", "posts", "p1", "--json"])).json).toMatchObject({ id: "p1", version: 2, data: { title: "Good day" } })

    const listed = await here(["list", "root", "posts"])
    expect(listed.stdout).toMatch(/^ID +VERSION +UPDATED +DATA\np2 +1 +just now +\{"n":2,"title":"Second"\}\np1 +2 /)
    const ids = async (...args: ReadonlyArray<string>) =>
      (await byKey(["list", "root", "posts", ...args, "--json"])).json.data.map(({ id }: { readonly id: string }) => id)
    expect(await ids("--query", '{"n":2}')).toEqual(["p2"])
    const first = await byKey(["list", "root", "posts", "-n", "1"])
    const [, cursor] = /more: --cursor '(.*)'/.exec(first.stdout)!
    expect(await ids("--cursor", cursor!)).toEqual(["p1"])
    expect((await here(["collections", "root"])).stdout).toMatch(/^COLLECTION +DOCUMENTS +SIZE +INDEXES\nposts +2 /)
    expect((await here(["collections", "root", "--json"])).json).toMatchObject({
      data: [{ collection: "posts", documents: 2 }],
      meta: { next: null },
    })

    expect((await here(["delete", "root", "posts", "p1", "--if-version", "1"])).code).toBe(5)
    expect(await here(["delete", "root", "posts", "p1", "--if-version", "2"])).toMatchObject({
      code: 0,
      stdout: "✓ p1 of posts is deleted\n",
    })
    const was = await here(["history", "root", "posts", "p1"])
    expect(was.stdout.split("\n").map((line) => line.trim().split(/ {2,}/).at(-1))).toEqual([
      "DATA",
      "deleted",
      '{"title":"Good day"}',
      '{"title":"Hello"}',
      "",
    ])
    expect((await byKey(["history", "root", "posts", "p1", "-n", "1", "--json"])).json.meta.next).toBe("3")
    expect((await here(["history", "root", "posts", "p1", "-n", "1"])).stdout).toContain("more: --before 3")
  })

  it("says that there is nothing", async () => {
    expect((await here(["list", "root", "none"])).stdout).toBe("none of root has no such documents.\n")
    expect((await here(["collections", "404"])).stdout).toBe("404 has no documents.\n")
    expect((await here(["history", "root", "none", "x"])).stdout).toContain("Nothing has happened to that document")
  })

  it.each<[ReadonlyArray<string>, number, string]>([
    [["get", "root", "posts", "nothing"], 3, "nothing"],
    [["set", "root", "posts", "x"], 2, "give the data as JSON or with --file"],
    [["set", "root", "posts", "x", "{}", "--file", "-"], 2, "give the data as JSON or with --file"],
    [["set", "root", "posts", "x", "[1]"], 2, "an object in JSON"],
    [["set", "root", "posts", "x", "{"], 2, "an object in JSON"],
    [["set", "root", "posts", "x", "--file", "/nonexistent"], 1, "cannot read /nonexistent"],
    [["set", "nowhere", "posts", "x", "{}"], 3, "nowhere"],
    [["set", "root", "posts", "x", "{}", "--if-version", "7"], 5, "version"],
    [["list", "root", "posts", "--query", "{"], 1, "JSON"],
    [["delete", "root", "posts", "nothing"], 3, "nothing"],
    [["collections", "nowhere"], 3, "nowhere"],
  ])("refuses %j", async (args, code, says) => {
    const refused = await here(args)
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([code, "", expect.stringContaining(says)])
  })

  it("needs a key for it", async () => {
    const deploying = ["--to", `localhost:${server.port}`, "--token", await server.key("deploy")]
    expect((await runVerb(["documents", "list", "root", "posts", ...deploying])).code).toBe(4)
  })
})

describe("fazt kv", () => {
  it("changes a key only if nobody else has", async () => {
    const kv = (...args: ReadonlyArray<string>) => runVerb(["kv", ...args, "--db", server.db])
    expect((await kv("set", "root", "visits", "1", "--if-version", "0")).code).toBe(0)
    expect((await kv("set", "root", "visits", "2", "--if-version", "0")).code).toBe(5)
    expect((await kv("set", "root", "visits", "2", "--if-version", "1")).code).toBe(0)
    expect((await kv("delete", "root", "visits", "--if-version", "1")).code).toBe(5)
    expect((await kv("delete", "root", "visits", "--if-version", "2")).code).toBe(0)
    expect((await kv("history", "root", "visits")).stdout).toMatch(/^VERSION +WHEN +BY +VALUE\n/)
  })
})
