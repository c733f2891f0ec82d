import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, manifestOf, publish, query, refusal } from "../support/api.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("admin"))
  await api.set("limits.deploys_per_minute", 0)
})
afterAll(() => server.stop())

const head = (): number => query<{ seq: number }>(server, "SELECT max(seq) AS seq FROM events")[0]!.seq
const visit = (site: string, path = "/") => server.ask(path, { host: `${site}.localhost` })
const page = async (site: string) => {
  const { status, text } = await visit(site)
  return status === 200 ? text : status
}

type Files = Record<string, string | Uint8Array>
/** Deploys each of these in turn; gives their ids. */
const deploys = async (site: string, ...versions: ReadonlyArray<Files>): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  for (const files of versions) ids.push((await publish(api, site, files)).answer.json.data.deploy)
  return ids
}
const texts = (...names: ReadonlyArray<string>): ReadonlyArray<Files> => names.map((name) => ({ "index.html": name }))

interface Line {
  readonly seq: number
  readonly kind: string
  readonly deploy: string | null
  readonly live: boolean
  readonly preview_url: string | null
}
const history = async (site: string): Promise<ReadonlyArray<Line>> => (await api.get(`/sites/${site}/history?limit=1000`)).json.data

describe("a site", () => {
  it("is created with its name, shows nothing until its first deploy, and then that", async () => {
    const created = await api.post("/sites", { site: "fresh" })
    expect([created.status, created.json]).toEqual([
      201,
      {
        data: {
          site: "fresh",
          url: `http://fresh.localhost:${server.port}`,
          deploy: null,
          deploys: 0,
          file_count: 0,
          size_bytes: 0,
          created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          updated_at: created.json.data.created_at,
          deleted_at: null,
          Name: "fresh",
          Path: "vfs://fresh",
          FileCount: 0,
          SizeBytes: 0,
          ModTime: created.json.data.created_at,
        },
      },
    ])
    expect(await page("fresh")).toBe(404)
    const [deploy] = await deploys("fresh", { "index.html": "hello", "a.css": "body{}" })
    expect((await api.get("/sites/fresh")).json.data).toMatchObject({ deploy, deploys: 1, file_count: 2, size_bytes: 11 })
    expect(await page("fresh")).toBe("hello")
  })

  it("is created and found by its name in any case", async () => {
    expect((await api.post("/sites", { site: "MixedCase" })).json.data.site).toBe("mixedcase")
    expect((await api.get("/sites/MIXEDCASE")).json.data.site).toBe("mixedcase")
    expect((await api.delete("/sites/MixedCase")).status).toBe(200)
    expect((await api.get("/sites/mixedcase")).json.data.deleted_at).not.toBeNull()
  })

  it("is created once", async () => {
    await api.post("/sites", { site: "once" })
    const before = head()
    expect(refusal(await api.post("/sites", { site: "Once" }))).toEqual([409, "CONFLICT"])
    expect(head()).toBe(before)
  })

  const badNames = [
    "",
    " ",
    "a b",
    "-a",
    "a-",
    "a_b",
    "a.b",
    "../a",
    "n".repeat(64),
    "münchen",
    "a\0b",
    "__proto__",
    "admin",
    "WWW",
    "ns1",
    "localhost",
  ]
  it.each(badNames)("is not created with the name %j", async (site) => {
    const before = head()
    expect(refusal(await api.post("/sites", { site }))).toEqual([400, "VALIDATION_FAILED"])
    expect(head()).toBe(before)
  })

  it("is listed among the others by name, and once deleted only where those are asked for", async () => {
    for (const site of ["list-b", "list-a", "list-c"]) await api.post("/sites", { site })
    await api.delete("/sites/list-b")
    const names = async (path: string) =>
      (await api.get(path)).json.data.map(({ site }: { readonly site: string }) => site).filter((site: string) => site.startsWith("list-"))
    expect(await names("/sites")).toEqual(["list-a", "list-c"])
    expect(await names("/sites?deleted=false")).toEqual(["list-a", "list-c"])
    expect(await names("/sites?deleted=true")).toEqual(["list-a", "list-b", "list-c"])
  })

  it("lists the files that it shows now, by path, with the time that each last changed", async () => {
    await deploys("listed", { "b.txt": "b", "a.txt": "a", "c/d.txt": "d" })
    const first = (await api.get("/sites/listed/files")).json.data
    expect(first).toMatchObject([
      { path: "a.txt", size: 1, type: "text/plain; charset=utf-8", hash: manifestOf({ a: "a" })["a"]!.hash },
      { path: "b.txt" },
      { path: "c/d.txt" },
    ])
    await deploys("listed", { "b.txt": "B!", "a.txt": "a" })
    const second = (await api.get("/sites/listed/files")).json.data
    expect(second).toMatchObject([first[0], { path: "b.txt", size: 2 }])
    expect(second[1].updated_at > first[1].updated_at).toBe(true)
  })

  const requests: ReadonlyArray<readonly [method: string, path: string, body: object | undefined]> = [
    ["GET", "/sites/nowhere", undefined],
    ["DELETE", "/sites/nowhere", undefined],
    ["POST", "/sites/nowhere/undelete", undefined],
    ["GET", "/sites/nowhere/files", undefined],
    ["GET", "/sites/nowhere/history", undefined],
    ["GET", "/sites/nowhere/diff?from=live&to=previous", undefined],
    ["POST", "/sites/nowhere/rollback", {}],
    ["POST", "/sites/nowhere/rollback", { to: "previous" }],
  ]
  it.each(requests)("that nobody made is not found: %s %s", async (method, path, body) => {
    const before = head()
    expect(refusal(await api.send(method, path, body))).toEqual([404, "SITE_NOT_FOUND"])
    expect(head()).toBe(before)
  })
})

describe("the history", () => {
  it("has a line for each deploy, rollback, deletion and undeletion, newest first", async () => {
    const [a, b] = await deploys("storied", { "index.html": "a", "x.html": "x" }, { "index.html": "b" })
    await api.post("/sites/storied/rollback", {})
    await api.delete("/sites/storied")
    await api.post("/sites/storied/undelete", {})
    const [c] = await deploys("storied", { "index.html": "c", "y.html": "y" })
    const lines = await history("storied")
    expect(lines).toMatchObject([
      {
        kind: "deploy",
        deploy: c,
        live: true,
        added: 1,
        changed: 1,
        removed: 1,
        file_count: 2,
        size_bytes: 2,
        actor: expect.stringMatching(/^key:/),
      },
      { kind: "undelete", deploy: a, live: false },
      { kind: "delete", deploy: null, live: false, preview_url: null },
      { kind: "rollback", deploy: a, live: false, added: 1, changed: 1, removed: 0 },
      { kind: "deploy", deploy: b, live: false, added: 0, changed: 1, removed: 1 },
      { kind: "deploy", deploy: a, live: false, added: 2, changed: 0, removed: 0 },
    ])
    for (const { deploy, preview_url } of lines) {
      if (deploy === null) continue
      expect(preview_url).toBe(`http://${deploy}--storied.localhost:${server.port}`)
      expect((await visit(`${deploy}--storied`)).text).toBe({ [a!]: "a", [b!]: "b", [c!]: "c" }[deploy])
    }
  })

  it("marks the deploy that a rollback brought back as the live one", async () => {
    const [a, b] = await deploys("marked", ...texts("a", "b"))
    await api.post("/sites/marked/rollback", { to: a })
    const deployed = (await history("marked")).filter(({ kind }) => kind === "deploy")
    expect(deployed.map(({ deploy, live }) => [deploy, live])).toEqual([
      [b, false],
      [a, true],
    ])
  })

  it.each([1, 2, 3, 4, 7, 100])("is given in pages of %i that show each line once, even while it grows", async (limit) => {
    const site = `paged-${limit}`
    const ids = await deploys(site, ...texts("1", "2", "3", "4", "5", "6"))
    const seen: Array<string | null> = []
    let next: string | null = null
    for (let pages = 0; pages < 10; pages++) {
      const { json } = await api.get(`/sites/${site}/history?limit=${limit}${next === null ? "" : `&before=${next}`}`)
      expect(json.data.length).toBeLessThanOrEqual(limit)
      seen.push(...json.data.map(({ deploy }: Line) => deploy))
      next = json.meta.next
      if (next === null) break
      await deploys(site, ...texts(`meanwhile ${pages}`))
    }
    expect([next, seen]).toEqual([null, ids.toReversed()])
  })

  it.each([
    "limit=0",
    "limit=1001",
    "limit=1.5",
    "limit=-1",
    "limit=x",
    "limit=",
    "before=-1",
    "before=x",
    "before=1.5",
  ])("refuses %s", async (parameter) => {
    expect(refusal(await api.get(`/sites/root/history?${parameter}`))).toEqual([400, "VALIDATION_FAILED"])
  })
})

describe("a diff", () => {
  const before = {
    "same.txt": "same",
    "changed.txt": "one\ntwo\nthree\n",
    "gone.txt": "bye\n",
    "old.bin": Uint8Array.of(0, 1),
    "x.bin": Uint8Array.of(0, 2),
  }
  const after = { "same.txt": "same", "changed.txt": "one\n2\nthree\n", "new.txt": "hi\n", "x.bin": Uint8Array.of(0, 3) }
  let from: string
  let to: string
  beforeAll(async () => {
    ;[from, to] = (await deploys("compared", before, after)) as [string, string]
  })

  const diff = (parameters: string) => api.get(`/sites/compared/diff?${parameters}`)

  it("names what was added, changed and removed, in the order of paths", async () => {
    expect((await diff(`from=${from}&to=${to}`)).json).toEqual({
      data: { from, to, added: ["new.txt"], changed: ["changed.txt", "x.bin"], removed: ["gone.txt", "old.bin"], patches: [], omitted: [] },
    })
    expect((await diff(`from=${to}&to=${from}`)).json.data).toMatchObject({ added: ["gone.txt", "old.bin"], removed: ["new.txt"] })
  })

  it("shows the lines that differ in text files, and nothing of others", async () => {
    const { json } = await diff(`from=${from}&to=${to}&text=true`)
    const patches = new Map(json.data.patches.map(({ path, patch }: { readonly path: string; readonly patch: string }) => [path, patch]))
    expect([...patches.keys()]).toEqual(["changed.txt", "gone.txt", "new.txt"])
    expect(json.data.omitted).toEqual(["old.bin", "x.bin"])
    expect(patches.get("changed.txt")).toMatch(/^ one\n-two\n\+2\n three$/m)
    expect(patches.get("gone.txt")).toMatch(/^-bye$/m)
    expect(patches.get("new.txt")).toMatch(/^\+hi$/m)
  })

  it("takes `live`, `previous`, and any beginning of an id that is the only one", async () => {
    const pair = async (parameters: string) => {
      const { data } = (await diff(parameters)).json
      return [data.from, data.to]
    }
    expect(await pair("from=previous&to=live")).toEqual([from, to])
    expect(await pair(`from=${from.slice(0, 9)}&to=${to.slice(0, 9)}`)).toEqual([from, to])
    expect(await pair("from=live&to=live")).toEqual([to, to])
  })

  it("counts `previous` from what is live after a rollback", async () => {
    const [a, b] = await deploys("compared-back", ...texts("a", "b", "c"))
    await api.post("/sites/compared-back/rollback", {})
    const { data } = (await api.get("/sites/compared-back/diff?from=previous&to=live")).json
    expect([data.from, data.to]).toEqual([a, b])
  })

  it("does not guess which deploy is meant", async () => {
    // With 37 ids at least two have the same first character.
    const ids = await deploys("ambiguous", ...Array.from({ length: 37 }, (_, i) => ({ "index.html": String(i) })))
    const shared = ids.map((id) => id[0]!).find((first, i, all) => all.indexOf(first) !== i)!
    expect(refusal(await api.get(`/sites/ambiguous/diff?from=${shared}&to=live`))).toEqual([404, "DEPLOY_NOT_FOUND"])
    expect(refusal(await api.post("/sites/ambiguous/rollback", { to: shared }))).toEqual([404, "DEPLOY_NOT_FOUND"])
  })

  it.each(["zzzzzzzzzz", "z*", "*", "%25", "?", "", "LIVE", "[a-z]", "x".repeat(200)])("does not find the deploy %j", async (id) => {
    expect(refusal(await diff(`from=live&to=${encodeURIComponent(id)}`))).toEqual([404, "DEPLOY_NOT_FOUND"])
  })

  it("finds no deploy of another site, and none where there is none", async () => {
    const [other] = await deploys("compared-other", ...texts("x"))
    await api.post("/sites", { site: "compared-none" })
    expect(refusal(await diff(`from=live&to=${other}`))).toEqual([404, "DEPLOY_NOT_FOUND"])
    expect(refusal(await api.get("/sites/compared-other/diff?from=live&to=previous"))).toEqual([404, "DEPLOY_NOT_FOUND"])
    expect(refusal(await api.get("/sites/compared-none/diff?from=live&to=live"))).toEqual([404, "DEPLOY_NOT_FOUND"])
  })
})

describe("a rollback", () => {
  const rollBack = (site: string, to?: string) => api.post(`/sites/${site}/rollback`, to === undefined ? {} : { to })

  it("goes to the deploy before the live one, and from there further back", async () => {
    const [a, b] = await deploys("back", ...texts("a", "b", "c"))
    const first = await rollBack("back")
    expect([first.status, first.json.data.deploy, await page("back")]).toEqual([200, b, "b"])
    expect([(await rollBack("back")).json.data.deploy, await page("back")]).toEqual([a, "a"])
    const before = head()
    expect(refusal(await rollBack("back"))).toEqual([409, "CONFLICT"])
    expect([head(), await page("back")]).toEqual([before, "a"])
  })

  it("goes to any deploy, forward too, by its id, a beginning of it, or `previous`", async () => {
    const [a, b, c] = await deploys("anywhere", ...texts("a", "b", "c"))
    const pages: Array<unknown> = []
    for (const to of [a!, c!, b!.slice(0, 9), "previous"]) {
      expect((await rollBack("anywhere", to)).status).toBe(200)
      pages.push(await page("anywhere"))
    }
    expect(pages).toEqual(["a", "c", "b", "a"])
  })

  it("brings back the totals, the rules and the files of that deploy", async () => {
    const [a] = await deploys(
      "whole",
      { "index.html": "a", _redirects: "/go /index.html 302", "extra.txt": "12345" },
      { "index.html": "b" },
    )
    expect((await visit("whole", "/go")).status).toBe(404)
    const { json } = await rollBack("whole", a)
    expect(json.data).toMatchObject({ deploy: a, deploys: 2, file_count: 3 })
    expect([(await visit("whole", "/go")).status, (await visit("whole", "/extra.txt")).text]).toEqual([302, "12345"])
  })

  it("to what is live already changes nothing", async () => {
    const [, b] = await deploys("already", ...texts("a", "b"))
    const before = head()
    for (const to of ["live", b!]) expect((await rollBack("already", to)).status).toBe(200)
    expect(head()).toBe(before)
  })

  it("after a deploy that followed a rollback goes to what was live before it, as `previous` does", async () => {
    const [a] = await deploys("onward", ...texts("a", "b"))
    await rollBack("onward")
    const [c] = await deploys("onward", ...texts("c"))
    expect([(await api.get("/sites/onward")).json.data.deploy, await page("onward")]).toEqual([c, "c"])
    const compared = await api.get("/sites/onward/diff?from=previous&to=live")
    expect([compared.json.data.from, (await rollBack("onward")).json.data.deploy]).toEqual([a, a])
  })

  const refused: ReadonlyArray<readonly [what: string, to: string | undefined, status: number, code: string]> = [
    ["an unknown deploy", "zzzzzzzzzz", 404, "DEPLOY_NOT_FOUND"],
    ["no deploy", "", 404, "DEPLOY_NOT_FOUND"],
    ["the previous deploy where there is none", "previous", 404, "DEPLOY_NOT_FOUND"],
    ["nothing in particular where there is none", undefined, 409, "CONFLICT"],
  ]
  it("to what is not there is refused", async () => {
    await deploys("single", ...texts("only"))
    const before = head()
    for (const [what, to, status, code] of refused) {
      expect([what, ...refusal(await rollBack("single", to))]).toEqual([what, status, code])
    }
    expect([head(), await page("single")]).toEqual([before, "only"])
  })

  it("of a site without any deploy is refused", async () => {
    await api.post("/sites", { site: "back-none" })
    expect(refusal(await rollBack("back-none"))).toEqual([409, "CONFLICT"])
    expect(refusal(await rollBack("back-none", "live"))).toEqual([404, "DEPLOY_NOT_FOUND"])
  })
})

describe("a deleted site", () => {
  beforeAll(async () => {
    await deploys("doomed", ...texts("a", "b"))
  })

  it("is not served, nor are its deploys; its history stays", async () => {
    const lines = await history("doomed")
    const answer = await api.delete("/sites/doomed")
    expect([answer.status, answer.json.data.message]).toEqual([200, expect.stringContaining("doomed")])
    const statuses = [await visit("doomed"), await visit(`${lines[0]!.deploy}--doomed`)].map(({ status }) => status)
    expect(statuses).toEqual([404, 404])
    expect((await api.get("/sites/doomed")).json.data.deleted_at).toMatch(/^\d{4}-/)
    expect((await api.get("/sites/doomed/files")).json).toEqual({ data: [], meta: { total: 0, limit: 1000, offset: 0 } })
    expect((await history("doomed")).map(({ kind, live, preview_url }) => [kind, live, preview_url])).toEqual([
      ["delete", false, null],
      ["deploy", false, null],
      ["deploy", false, null],
    ])
  })

  it("can be deleted again, to no effect, but not rolled back", async () => {
    const before = head()
    expect((await api.delete("/sites/doomed")).status).toBe(200)
    expect(refusal(await api.post("/sites/doomed/rollback", {}))).toEqual([404, "SITE_NOT_FOUND"])
    expect(head()).toBe(before)
  })

  it("comes back as it was when it is undeleted, once", async () => {
    const answer = await api.post("/sites/doomed/undelete", {})
    expect([answer.status, answer.json.data.deleted_at, answer.json.data.file_count]).toEqual([200, null, 1])
    expect([await page("doomed"), (await api.get("/sites/doomed/files")).json.data.length]).toEqual(["b", 1])
    const before = head()
    expect((await api.post("/sites/doomed/undelete", {})).status).toBe(200)
    expect(head()).toBe(before)
  })

  it("comes back with what is deployed to it, and can be rolled back to what was there before", async () => {
    await api.delete("/sites/doomed")
    await deploys("doomed", ...texts("c"))
    expect([await page("doomed"), (await api.get("/sites/doomed")).json.data.deleted_at]).toEqual(["c", null])
    expect((await history("doomed")).slice(0, 3).map(({ kind }) => kind)).toEqual(["deploy", "undelete", "delete"])
    await api.post("/sites/doomed/rollback", {})
    expect(await page("doomed")).toBe("b")
  })

  it("comes back when it is created again", async () => {
    await api.delete("/sites/doomed")
    const answer = await api.post("/sites", { site: "doomed" })
    expect([answer.status, await page("doomed")]).toEqual([201, "b"])
  })

  it("comes back empty when it had no deploy", async () => {
    await api.post("/sites", { site: "doomed-empty" })
    await api.delete("/sites/doomed-empty")
    const { json } = await api.post("/sites/doomed-empty/undelete", {})
    expect([json.data.deleted_at, json.data.deploy, await page("doomed-empty")]).toEqual([null, null, 404])
  })
})
