import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apiOf, publish } from "../../support/api.ts"
import { startServer, type TestServer } from "../../support/server.ts"
import { type Around, runVerb } from "../runVerb.ts"

const logo = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) % 256)

let server: TestServer
let reading: ReadonlyArray<string>
const deploys: Array<string> = []
beforeAll(async () => {
  server = await startServer()
  const api = apiOf(server, await server.key("admin"))
  reading = ["--to", `localhost:${server.port}`, "--token", await server.key("read")]
  for (const [text, message] of [
    ["one\n", "first"],
    ["two\ttabs \u001b[31mred\n", "second"],
  ]) {
    const { answer } = await publish(api, "blog", { "index.html": text!, "img/logo.png": logo, "a b/ü?.txt": "odd" }, { message })
    deploys.push(answer.json.data.deploy)
  }
})
afterAll(() => server.stop())

const here = (args: ReadonlyArray<string>, around?: Around) => runVerb([...args, "--db", server.db], around)
const byKey = (args: ReadonlyArray<string>, around?: Around) => runVerb([...args, ...reading], around)

describe("fazt sites", () => {
  it("lists them, all or some", async () => {
    expect((await byKey(["sites", "--json"])).json.map(({ site }: { readonly site: string }) => site)).toEqual(["404", "blog", "root"])
    const some = await here(["sites", "-n", "1"])
    expect(some.stdout).toMatch(/^SITE .*\n404 .*\n2 more: .*\n$/)
    expect((await here(["sites", "-n", "0"])).stderr).toContain("--limit must be at least 1")
  })

  it("lists more of them than one answer has", async () => {
    const api = apiOf(server, await server.key("admin"))
    const made = Array.from({ length: 30 }, (_, i) => `s${i}`)
    for (const site of made) expect((await api.post("/sites", { site })).status).toBe(201)
    expect((await byKey(["sites", "--json"])).json).toHaveLength(33)
    for (const site of made) await api.delete(`/sites/${site}`)
    expect((await byKey(["sites", "--json"])).json).toHaveLength(3)
  })

  it("shows one", async () => {
    expect((await here(["sites", "show", "blog"])).stdout).toMatch(
      new RegExp(`^Site +blog\nAddress +http://blog.localhost:\\d+\nLive deploy +${deploys[1]}\nFiles +3 files, 70 kB\nDeploys +2\n`),
    )
    expect((await byKey(["sites", "show", "blog", "--json"])).json).toMatchObject({ site: "blog", deploy: deploys[1], deploys: 2 })
    expect(await byKey(["sites", "show", "nowhere"])).toMatchObject({ code: 3, stdout: "" })
  })

  it("makes one without a deploy, once", async () => {
    expect(await here(["sites", "create", "shop"])).toMatchObject({
      code: 0,
      stdout: "✓ shop is there: publish it with fazt deploy <folder> --name shop\n",
    })
    expect((await here(["sites", "show", "shop", "--json"])).json).toMatchObject({ deploy: null })
    expect((await here(["sites", "create", "shop"])).code).toBe(5)
    expect((await byKey(["sites", "create", "other"])).code).toBe(4)
    expect((await here(["sites", "create", "wiki", "--json"])).json).toMatchObject({ site: "wiki", deploys: 0 })
  })
})

describe("fazt deploys", () => {
  it("lists the deploys of a site", async () => {
    const listed = await byKey(["deploys", "blog"])
    expect(listed.stdout).toMatch(
      new RegExp(`^DEPLOY +WHEN .*MESSAGE\n${deploys[1]} +live +just now +.* 3 +70 kB +~1 .* second\n${deploys[0]} .* first\n$`),
    )
    expect((await here(["deploys", "blog", "--json"])).json.map(({ deploy }: { readonly deploy: string }) => deploy)).toEqual(
      deploys.toReversed(),
    )
    expect((await here(["deploys", "blog", "-n", "1"])).stdout).toContain("1 more")
    expect((await here(["deploys", "nowhere"])).code).toBe(3)
  })

  it("shows one, by any of its names", async () => {
    for (const named of [deploys[0]!, deploys[0]!.slice(0, 6), "previous"]) {
      expect((await byKey(["deploys", "blog", named, "--json"])).json).toMatchObject({ deploy: deploys[0], live: false, message: "first" })
    }
    expect((await here(["deploys", "blog", "live"])).stdout).toMatch(
      new RegExp(
        `^Deploy +${deploys[1]}\nLive +yes\nAddress +http://${deploys[1]}--blog.*\nPublished .*\nBy +key:.*\n[^]*Before it +${deploys[0]}\n`,
      ),
    )
    expect((await here(["deploys", "blog", "zzzzzz"])).code).toBe(3)
  })
})

describe("fazt files", () => {
  it("lists what is live, or was", async () => {
    const listed = await byKey(["files", "blog"])
    expect(listed.stdout.split("\n").map((line) => line.split(/ {2,}/)[0])).toEqual([
      "PATH",
      "a b/ü?.txt",
      "img/logo.png",
      "index.html",
      "",
    ])
    const paths = async (...args: ReadonlyArray<string>) =>
      (await here(["files", "blog", ...args, "--json"])).json.map(({ path }: { readonly path: string }) => path)
    expect(await paths("--prefix", "img/")).toEqual(["img/logo.png"])
    expect(await paths("--limit", "1")).toEqual(["a b/ü?.txt"])
    expect(await paths("--deploy", deploys[0]!)).toHaveLength(3)
    expect((await here(["files", "blog", "--prefix", "none/"])).stdout).toBe("blog has no such files.\n")
    expect((await here(["files", "blog", "--deploy", "zzzzzz"])).code).toBe(3)
  })
})

describe("fazt cat", () => {
  it("prints a file byte by byte, whatever its name", async () => {
    expect((await byKey(["cat", "blog", "img/logo.png"])).bytes.equals(logo)).toBe(true)
    expect((await here(["cat", "blog", "/a b/ü?.txt"])).bytes.toString()).toBe("odd")
    expect((await here(["cat", "blog", "index.html"])).bytes.toString()).toBe("two\ttabs \u001b[31mred\n")
  })

  it("prints what it was", async () => {
    for (const named of [deploys[0]!, "previous"]) {
      expect((await byKey(["cat", "blog", "index.html", "--deploy", named])).bytes.toString()).toBe("one\n")
    }
  })

  it("prints nothing to a terminal that could change it", async () => {
    const shown = await here(["cat", "blog", "index.html"], { isTerminal: true })
    expect([shown.stdout, shown.bytes.length]).toEqual(["two\ttabs \\u001b[31mred\n", 0])
  })

  it("answers programs with base64", async () => {
    const { json } = await byKey(["cat", "blog", "img/logo.png", "--json"])
    expect(json).toMatchObject({ site: "blog", path: "img/logo.png", type: "image/png", size_bytes: logo.length })
    expect(Buffer.from(json.base64, "base64").equals(logo)).toBe(true)
  })

  it("says what is not there", async () => {
    const missing = await byKey(["cat", "blog", "nothing.html"])
    expect([missing.code, missing.bytes.length, missing.stderr]).toEqual([3, 0, 'error: blog has no file "nothing.html" in that deploy.\n'])
    expect((await byKey(["cat", "nowhere", "index.html", "--json"])).json.error.code).toBe("SITE_NOT_FOUND")
  })

  it("does not take a site's page for a file", async () => {
    const { code, stderr } = await runVerb(["cat", "blog", "x", "--to", `http://blog.localhost:${server.port}`])
    expect([code, stderr]).toEqual([3, expect.stringContaining("not as the Fazt API does")])
  })
})
