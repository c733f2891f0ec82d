import { randomBytes } from "node:crypto"
import { Agent, request } from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { deploySite } from "../support/hosting.ts"
import { type Answer, startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let token: string
beforeAll(async () => {
  // With the writer in its own thread, as a server has it: an answer and the news of a commit come by different ways.
  server = await startServer({ mode: "threads" })
  token = await server.key("admin")
})
afterAll(() => server.stop())

const at = (site: string, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  server.ask(path, { host: `${site}.localhost`, headers })

const api = async (method: string, path: string, body?: object): Promise<void> => {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }
  const { status, text } = await server.ask(`/api/sites/${path}`, { method, token, ...json })
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`)
}

const rollBack = (site: string, to?: string): Promise<void> => api("POST", `${site}/rollback`, to === undefined ? {} : { to })

describe("a site that changes under load", () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`many/${i}.txt`, `file ${i}`]))
  const filesOf = (name: string) => ({ ...many, "index.html": name, "page.html": name, "large.bin": randomBytes(1_100_000) })
  const versions = { A: filesOf("A"), B: filesOf("B") }
  type Name = keyof typeof versions

  /** Asks over connections that are kept, as browsers do. */
  const keepAlive = (agent: Agent, site: string, path: string): Promise<{ readonly status: number; readonly body: Buffer }> =>
    new Promise((resolve, reject) => {
      const req = request({ port: server.port, path, agent, headers: { host: `${site}.localhost` } }, (res) => {
        const parts: Array<Buffer> = []
        res.on("data", (part: Buffer) => parts.push(part))
        res.on("error", reject)
        res.on("end", () => resolve({ status: res.statusCode!, body: Buffer.concat(parts) }))
      })
      req.on("error", reject)
      req.end()
    })

  /** Keeps asking while `change` runs; gives what was wrong with any answer, and how many there were. */
  const underLoad = async (
    site: string,
    paths: ReadonlyArray<"/" | "/page" | "/large.bin">,
    change: (shows: (name: Name) => void, starts: () => void) => Promise<void>,
  ) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    const wrong: Array<string> = []
    let answers = 0
    let running = true
    /** Which version must be shown now; nothing while a change is being made. */
    let shown: Name | undefined
    let changes = 0

    const worker = async (path: "/" | "/page" | "/large.bin"): Promise<void> => {
      const file = { "/": "index.html", "/page": "page.html", "/large.bin": "large.bin" } as const
      while (running) {
        const before = { shown, changes }
        const { status, body } = await keepAlive(agent, site, path)
        answers++
        const seen = (["A", "B"] as const).find((name) => body.equals(Buffer.from(versions[name][file[path]])))
        if (status !== 200 || seen === undefined) wrong.push(`${path}: ${status}, ${body.length} bytes of neither`)
        else if (before.shown !== undefined && before.changes === changes && seen !== before.shown) wrong.push(`${path}: stale ${seen}`)
      }
    }
    const workers = paths.map(worker)
    await change(
      (name) => {
        shown = name
      },
      () => {
        shown = undefined
        changes++
      },
    )
    running = false
    await Promise.all(workers)
    agent.destroy()
    return { wrong: [...new Set(wrong)], answers }
  }

  const expectBoth = async (site: string, name: Name): Promise<void> => {
    const [index, page] = await Promise.all([at(site, "/"), at(site, "/page")])
    expect([index.text, page.text]).toEqual([name, name])
  }

  it("shows one deploy or the other by rollbacks, nothing between them, and the new one as soon as the rollback is answered", async () => {
    const deploys = { A: (await deploySite(server, "load", versions.A)).deploy, B: (await deploySite(server, "load", versions.B)).deploy }
    const { wrong, answers } = await underLoad("load", ["/", "/", "/", "/page", "/page", "/page", "/large.bin"], async (shows, starts) => {
      for (let i = 0; i < 30; i++) {
        const name = i % 2 === 0 ? "A" : "B"
        starts()
        await rollBack("load", deploys[name])
        shows(name)
        await expectBoth("load", name)
      }
    })
    expect(wrong).toEqual([])
    expect(answers).toBeGreaterThan(100)
  }, 30_000)

  it("does the same by deploys", async () => {
    await deploySite(server, "load2", versions.B)
    const { wrong, answers } = await underLoad("load2", ["/", "/", "/page", "/page"], async (shows, starts) => {
      for (let i = 0; i < 6; i++) {
        const name = i % 2 === 0 ? "A" : "B"
        starts()
        await deploySite(server, "load2", versions[name])
        shows(name)
        await expectBoth("load2", name)
      }
    })
    expect(wrong).toEqual([])
    expect(answers).toBeGreaterThan(20)
  }, 30_000)
})

describe("a rollback", () => {
  it("takes rules, headers and routes back with the files, and nothing that was worked out before holds on", async () => {
    const first = { "index.html": "one", "old.html": "old", _redirects: "/r /one", _headers: "/*\n  X-Version: 1" }
    await deploySite(server, "rules", first, { spa: "true" })
    const look = async () => {
      const seen = []
      for (const path of ["/", "/old", "/new", "/r", "/route"]) {
        const { status, headers, text } = await at("rules", path)
        seen.push(`${path} ${status} ${headers.location ?? text.trim()} ${headers["x-version"] ?? ""}`.trim())
      }
      return seen
    }
    const one = ["/ 200 one 1", "/old 200 old 1", "/new 200 one 1", "/r 301 /one", "/route 200 one 1"]
    expect(await look()).toEqual(one)
    await deploySite(server, "rules", { "index.html": "two", "new.html": "new", _redirects: "/r /two", "404.html": "none" })
    const two = ["/ 200 two", "/old 404 none", "/new 200 new", "/r 301 /two", "/route 404 none"]
    expect(await look()).toEqual(two)
    await rollBack("rules")
    expect(await look()).toEqual(one)
  })

  it("is noticed by who asks whether the page has changed, by tag and by date", async () => {
    await deploySite(server, "dates", { "index.html": "one", "same.html": "same" })
    const one = await at("dates", "/")
    const same = await at("dates", "/same")
    // Dates count whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await deploySite(server, "dates", { "index.html": "two", "same.html": "same" })
    const two = await at("dates", "/")
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await rollBack("dates")
    const asked = [
      ["/", { "if-none-match": one.headers.etag! }],
      ["/", { "if-none-match": two.headers.etag! }],
      ["/", { "if-modified-since": one.headers["last-modified"]! }],
      ["/", { "if-modified-since": two.headers["last-modified"]! }],
      // What all deploys have in common is as old as it is.
      ["/same", { "if-none-match": same.headers.etag! }],
      ["/same", { "if-modified-since": same.headers["last-modified"]! }],
    ] as const
    const statuses = await Promise.all(asked.map(async ([path, headers]) => (await at("dates", path, headers)).status))
    expect(statuses).toEqual([304, 200, 200, 200, 304, 304])
  })
})

describe("a site that is deleted", () => {
  it("is an unknown site, its previews too, until it is brought back as it was", async () => {
    const first = await deploySite(server, "mortal", { "index.html": "one" })
    const second = await deploySite(server, "mortal", { "index.html": "two" })
    const names = ["mortal", `${first.deploy}--mortal`, `${second.deploy}--mortal`]
    const look = () => Promise.all(names.map(async (name) => /Lost in Space|^\w+$/.exec((await at(name, "/")).text)?.[0]))
    expect(await look()).toEqual(["two", "one", "two"])
    await api("DELETE", "mortal")
    expect(await look()).toEqual(["Lost in Space", "Lost in Space", "Lost in Space"])
    expect((await at("mortal", "/")).status).toBe(404)
    await api("POST", "mortal/undelete")
    expect(await look()).toEqual(["two", "one", "two"])
    await api("DELETE", "mortal")
    await deploySite(server, "mortal", { "index.html": "three" })
    expect(await look()).toEqual(["three", "one", "two"])
  })

  it("takes no neighbour with it whose name ends like its own", async () => {
    const deploys = []
    for (const site of ["b", "a--b", "ab"]) deploys.push(`${(await deploySite(server, site, { "index.html": site })).deploy}--${site}`)
    for (const host of deploys) await at(host, "/")
    await api("DELETE", "b")
    const statuses = await Promise.all(["b", "a--b", "ab", ...deploys].map(async (host) => (await at(host, "/")).status))
    expect(statuses).toEqual([404, 200, 200, 404, 200, 200])
  })

  it("was never there as long as it has no deploy", async () => {
    const { status } = await server.ask("/api/sites", {
      method: "POST",
      token,
      body: '{"site":"empty"}',
      headers: { "content-type": "application/json" },
    })
    expect([status, (await at("empty", "/")).status]).toEqual([201, 404])
    await deploySite(server, "empty", { "index.html": "here" })
    expect((await at("empty", "/")).text).toBe("here")
  })
})

describe("what was not there", () => {
  it("is there with the deploy that brings it, and gone with the one that drops it", async () => {
    const seen = []
    for (const extra of [{}, { "late.html": "late" }, { "late.html": "later" }, {}, { "late.html": "late" }]) {
      await deploySite(server, "late", { "index.html": "front", ...extra })
      const { status, text } = await at("late", "/late")
      seen.push(`${status} ${text.trim()}`)
    }
    expect(seen).toEqual(["404 404 page not found", "200 late", "200 later", "404 404 page not found", "200 late"])
  })

  it("is a site as soon as it is deployed", async () => {
    expect((await at("newcomer", "/")).status).toBe(404)
    await deploySite(server, "newcomer", { "index.html": "hello" })
    expect((await at("newcomer", "/")).text).toBe("hello")
  })
})
