import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { runInNewContext } from "node:vm"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { templateFolder, typesFile } from "../src/resources.ts"
import { deploySite, readFolder } from "./support/hosting.ts"
import { openSocket, type TestSocket } from "./support/live.ts"
import { type Answer, type Ask, startServer, type TestServer } from "./support/server.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

let server: TestServer
beforeAll(async () => {
  server = await startServer()
}, 60_000)
afterAll(() => server.stop())

/** A request to one site; an object goes as JSON. */
const caller =
  (site: string) =>
  (method: string, path: string, body?: object, { headers = {}, ...more }: Ask = {}): Promise<Answer> =>
    server.ask(path, {
      host: `${site}.localhost`,
      method,
      ...(body === undefined ? { headers } : { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) }),
      ...more,
    })

const publish = async (site: string, folder: string): Promise<ReturnType<typeof caller>> => {
  await deploySite(server, site, readFolder(folder))
  return caller(site)
}

describe("the guestbook", () => {
  let call: ReturnType<typeof caller>
  beforeAll(async () => {
    call = await publish("guestbook", join(root, "examples/guestbook"))
  })

  it("is a page beside server code whose source is nobody's business", async () => {
    expect((await call("GET", "/")).text).toContain("<h1>Guestbook</h1>")
    expect((await call("GET", "/guestbook.js")).status).toBe(200)
    for (const path of ["/api/main.js", "/api/text.js"]) expect((await call("GET", path)).text).not.toContain("export")
  })

  it("keeps entries, newest first, a page at a time", async () => {
    expect((await call("GET", "/api/entries")).json).toEqual({ entries: [], more: false })
    for (let i = 1; i <= 21; i++) {
      const { status, json } = await call("POST", "/api/entries", { name: ` Ann ${i} `, message: "<b>hi</b>" })
      expect([status, json]).toEqual([201, { id: expect.any(String), name: `Ann ${i}`, message: "<b>hi</b>", at: expect.any(Number) }])
    }
    const first = (await call("GET", "/api/entries")).json
    expect([first.entries.length, first.entries[0].name, first.more]).toEqual([20, "Ann 21", true])
    const second = (await call("GET", "/api/entries?offset=20")).json
    expect([second.entries.map(({ name }: { readonly name: string }) => name), second.more]).toEqual([["Ann 1"], false])
  })

  it.each([
    ["POST", "/api/entries", {}, 400, "A name is missing."],
    ["POST", "/api/entries", { name: "Ann", message: " " }, 400, "A message is missing."],
    ["POST", "/api/entries", { name: "x".repeat(61), message: "hi" }, 400, "A name can have 60 characters."],
    ["GET", "/api/entries?offset=-1", undefined, 400, "offset is a whole number from 0."],
    ["DELETE", "/api/entries", undefined, 405, "Entries can be read and added."],
    ["GET", "/api/other", undefined, 404, "There is nothing here."],
  ] as const)("refuses %s %s %o with %i", async (method, path, body, status, error) => {
    const answer = await call(method, path, body)
    expect([answer.status, answer.json]).toEqual([status, { error }])
  })
})

describe("the snake game", () => {
  let call: ReturnType<typeof caller>
  beforeAll(async () => {
    call = await publish("snake", join(root, "examples/snake"))
  })

  it("keeps the best ten scores", async () => {
    expect((await call("GET", "/")).text).toContain("<h1>Snake</h1>")
    const scores = [5, 9, 1, 7, 3, 8, 2, 6, 4, 10, 12, 9]
    for (const score of scores) expect((await call("POST", "/api/scores", { name: `P${score}`, score })).status).toBe(201)
    const { json } = await call("GET", "/api/scores")
    expect(json.scores.map(({ score }: { readonly score: number }) => score)).toEqual([12, 10, 9, 9, 8, 7, 6, 5, 4, 3])
    expect(json.scores[0]).toEqual({ id: expect.any(String), name: "P12", score: 12 })
    expect((await call("POST", "/api/scores", { name: "Last", score: 11 })).json).toMatchObject({ place: 2 })
  })

  it.each([
    ["POST", "/api/scores", { name: "", score: 1 }, 400, "A name has 1 to 20 characters."],
    ["POST", "/api/scores", { name: "Ann", score: 1.5 }, 400, "A score is a whole number from 1 to 573."],
    ["POST", "/api/scores", { name: "Ann", score: 574 }, 400, "A score is a whole number from 1 to 573."],
    ["PUT", "/api/scores", {}, 405, "Scores can be read and added."],
    ["GET", "/api", undefined, 404, "There is nothing here."],
  ] as const)("refuses %s %s %o with %i", async (method, path, body, status, error) => {
    const answer = await call(method, path, body)
    expect([answer.status, answer.json]).toEqual([status, { error }])
  })
})

describe.each([
  ["the chat", join(root, "examples/chat"), "/api/rooms/lobby/messages", "lobby"],
  ["the template chat", templateFolder("chat"), "/api/messages", "chat"],
])("%s", (name, folder, path, channel) => {
  const site = name.replaceAll(" ", "-")
  let call: ReturnType<typeof caller>
  const sockets: Array<TestSocket> = []
  beforeAll(async () => {
    call = await publish(site, folder)
  })
  afterAll(() => {
    for (const { ws } of sockets) ws.terminate()
  })

  it("sends what is said to everybody who listens, and keeps it", async () => {
    const listener = await openSocket(server.port, `${site}.localhost`, "/_ws", {})
    sockets.push(listener)
    await listener.subscribe(channel)
    const said = await call("POST", path, { name: "Ann", text: " hello " })
    expect(said.status).toBe(201)
    const [message] = await listener.received(1)
    expect(message).toEqual({
      type: "message",
      channel,
      data: { id: expect.any(String), name: "Ann", text: "hello", at: expect.any(Number) },
    })
    expect((await call("GET", path)).json.messages).toEqual([message.data])
  })

  it("loses nothing when many talk at once", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => call("POST", path, { name: "Ann", text: `message ${i}` })))
    const { messages } = (await call("GET", path)).json
    const texts = new Set(messages.map(({ text }: { readonly text: string }) => text))
    expect(Array.from({ length: 20 }, (_, i) => `message ${i}`).filter((text) => !texts.has(text))).toEqual([])
  })

  it("refuses what is no message", async () => {
    expect((await call("POST", path, { name: "", text: "hello" })).status).toBe(400)
    expect((await call("POST", path, { name: "Ann", text: "x".repeat(501) })).status).toBe(400)
    expect((await call("GET", "/api/other")).status).toBe(404)
  })
})

describe("the link shortener", () => {
  let call: ReturnType<typeof caller>
  beforeAll(async () => {
    call = await publish("links", join(root, "examples/links"))
  })
  const asForm = (fields: Record<string, string>): Ask => ({
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
    body: new URLSearchParams(fields).toString(),
  })

  it("is what esbuild makes of its source", async () => {
    const { outputFiles } = await build({
      absWorkingDir: join(root, "examples/links"),
      entryPoints: ["src/app.ts"],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2023",
      minify: true,
    })
    expect(outputFiles[0]!.text).toBe(readFileSync(join(root, "examples/links/main.js"), "utf8"))
  })

  it("shortens a link for a person, who is led back to the page", async () => {
    const added = await call("POST", "/links", undefined, asForm({ url: "https://example.com/a?b=c", slug: "docs" }))
    expect([added.status, added.headers.location]).toEqual([303, "/"])
    const cookie = String(added.headers["set-cookie"]).split(";")[0]!
    const page = await call("GET", "/", undefined, { headers: { cookie } })
    expect(page.text).toContain(`<a href="/docs">http://links.localhost/docs</a>`)
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'")
  })

  it("leads on, and counts how often", async () => {
    for (let i = 0; i < 3; i++) {
      const { status, headers } = await call("GET", "/docs")
      expect([status, headers.location]).toEqual([302, "https://example.com/a?b=c"])
    }
    expect((await call("GET", "/api/links")).json.links).toMatchObject([{ slug: "docs", hits: 3 }])
  })

  it("makes short names up, and speaks JSON to programs", async () => {
    const form = asForm({ url: "https://example.com/" })
    const { status, json } = await call("POST", "/links", undefined, { ...form, headers: { ...form.headers!, accept: "application/json" } })
    expect([status, json]).toEqual([
      201,
      { slug: expect.stringMatching(/^[a-z2-9]{5}$/), url: "https://example.com/", at: expect.any(Number), hits: 0 },
    ])
  })

  it.each([
    [{ url: "javascript:alert(1)" }, 400, "Links begin with http:// or https://."],
    [{ url: "https://example.com", slug: "api" }, 400, "cannot be used"],
    [{ url: "https://example.com", slug: "a/b" }, 400, "letters, digits and dashes"],
    [{ url: "https://example.com", slug: "docs" }, 409, "is taken"],
  ])("refuses %o with %i", async (fields, status, text) => {
    const answer = await call("POST", "/links", undefined, asForm(fields as Record<string, string>))
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
  })

  it("escapes what it shows", async () => {
    const { text } = await call("POST", "/links", undefined, asForm({ url: `"><script>alert(1)</script>`, slug: "" }))
    expect(text).not.toContain("<script>")
  })

  it("knows no other paths", async () => {
    expect((await call("GET", "/nowhere")).status).toBe(404)
    expect((await call("DELETE", "/docs")).status).toBe(404)
  })
})

describe("the template", () => {
  it("static is a site", async () => {
    const call = await publish("template-static", templateFolder("static"))
    expect((await call("GET", "/")).status).toBe(200)
    const missing = await call("GET", "/nowhere")
    expect([missing.status, missing.text.includes("Nothing here")]).toEqual([404, true])
  })

  it("api keeps notes", async () => {
    const call = await publish("template-api", templateFolder("api"))
    const added = await call("POST", "/api/notes", { text: "milk" })
    expect([added.status, added.json]).toEqual([201, { id: expect.any(String), text: "milk" }])
    expect((await call("GET", "/api/notes")).json.notes).toMatchObject([added.json])
    expect((await call("POST", "/api/notes", {})).json).toEqual({ error: "A note is 1 to 500 characters of text." })
    expect((await call("DELETE", `/api/notes/${added.json.id}`)).json).toEqual({ deleted: added.json.id })
    expect((await call("DELETE", `/api/notes/${added.json.id}`)).status).toBe(404)
    expect((await call("PUT", "/api/notes")).headers["allow"]).toBe("GET, POST")
  })

  it("hono, bundled, answers every path", async () => {
    const folder = templateFolder("hono")
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    expect(scripts.build).toBe("esbuild src/main.ts --bundle --format=esm --target=es2023 --minify --outfile=dist/main.js")
    const { outputFiles } = await build({
      absWorkingDir: folder,
      entryPoints: ["src/main.ts"],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2023",
      minify: true,
    })
    await deploySite(server, "template-hono", { "main.js": outputFiles[0]!.contents })
    const call = caller("template-hono")
    expect((await call("GET", "/")).text).toContain("seen 1 time.")
    expect((await call("GET", "/")).text).toContain("seen 2 times.")
    expect((await call("GET", "/api/hello?name=Ann")).json).toEqual({ message: "Hello, Ann." })
    expect((await call("GET", "/nowhere")).status).toBe(404)
  })
})

describe("the types", () => {
  it("name every global that server code finds beside the language's own, and no other", async () => {
    const code = "export default { fetch: () => Response.json(Object.getOwnPropertyNames(globalThis)) }"
    await deploySite(server, "globals", { "main.js": code })
    const language = new Set<string>([...runInNewContext("Object.getOwnPropertyNames(globalThis)"), "InternalError"])
    language.delete("console")
    const found = (await caller("globals")("GET", "/")).json.filter((name: string) => !language.has(name))
    const text = readFileSync(typesFile, "utf8")
    const declared = new Set([...text.matchAll(/^declare (?:const|class|function) (\w+)/gm)].map(([, name]) => name!))
    // What only one of the other forms has.
    for (const name of ["request", "respond", "require", "module", "exports", "req", "res", "db", "socket"])
      expect(declared.delete(name)).toBe(true)
    expect([...declared].sort()).toEqual(found.sort())
  })
})
