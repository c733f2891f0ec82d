import { execFile } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterEach, describe, expect, it } from "vitest"
import { templateFolder, typesFile } from "../src/resources.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const folders: Array<string> = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A copy of a folder that has the types, and the packages that it may import. */
const projectOf = (from: string | undefined, files: Readonly<Record<string, string>> = {}): string => {
  const folder = mkdtempSync(join(tmpdir(), "fazt-types-"))
  folders.push(folder)
  if (from !== undefined) cpSync(from, folder, { recursive: true })
  cpSync(typesFile, join(folder, "fazt.d.ts"))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
  return folder
}

/** What the compiler complains about. */
const check = (folder: string, config: string): Promise<string> =>
  promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", config, "--noEmit"], { cwd: folder }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  )

const options = {
  allowJs: true,
  checkJs: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  target: "ES2023",
  lib: ["ES2023"],
  module: "ESNext",
  moduleResolution: "Bundler",
  allowImportingTsExtensions: true,
  types: [],
}

const tsconfig = (include: ReadonlyArray<string>, more: object = {}): Record<string, string> => ({
  "tsconfig.json": JSON.stringify({ compilerOptions: { ...options, ...more }, include: [...include, "fazt.d.ts"] }),
})

describe("the types of server code", () => {
  it.each([
    ["api", "jsconfig.json"],
    ["chat", "jsconfig.json"],
    ["hono", "tsconfig.json"],
  ])("fit the template %s, checked the way its editor does", async (template, config) => {
    expect(await check(projectOf(templateFolder(template)), config)).toBe("")
  })

  it.each([
    ["guestbook", ["api"], {}],
    ["chat", ["api"], {}],
    ["links", ["src"], { skipLibCheck: true }],
    // A script of 0.9: without types of its own, and with CommonJS.
    ["snake", ["api"], { strict: false, exactOptionalPropertyTypes: false }],
  ])("fit the example %s", async (example, include, more) => {
    expect(await check(projectOf(join(root, "examples", example), tsconfig(include, more)), "tsconfig.json")).toBe("")
  })

  it("say what every global gives", async () => {
    const code = `
      const text: string | undefined = kv.get<string>("a")
      const isGone: boolean = kv.delete("a")
      kv.set("a", { b: 1 }, 1000); kv.set("a", 1, { expires: new Date() })
      const all: Array<Fazt.KvEntry<number>> = kv.list<number>("a/")
      const { items, cursor } = kv.list({ prefix: "a/", limit: 10 })
      const { keys } = kv.list({ values: false })
      const n: number = kv.incr("n") + kv.incr("n", 2)
      const isSwapped: boolean = kv.cas("a", undefined, 1)
      const id: string = ds.insert("notes", { text: "x" })
      const note = ds.findOne<{ text: string }>("notes", id)
      if (note !== null) console.log(note.text, note.id, note._createdAt)
      ds.find("notes", { $or: [{ a: 1 }, { "b.c": { $gte: 2 } }] }, { limit: 1, sort: { a: -1 }, order: "asc" })
      ds.update("notes", id, { $inc: { n: 1 } }); ds.deleteOldest("notes", 10)
      const info: string = s3.put("a.txt", new Uint8Array(3), "text/plain").hash
      const bytes: ArrayBuffer | undefined = s3.get("a.txt")?.arrayBuffer()
      fazt.realtime.broadcast("c", { a: 1 }); const open: number = fazt.realtime.count()
      fazt.storage.kv.get("a"); fazt.app.ds.count("notes"); fazt.log.info(fazt.app.name, fazt.env.get("X"), fazt.version)
      respond(201, { a: request.query["a"], b: request.body.c }, { Location: "/" })
      res.status(200).header("a", "b").json({ path: req.path, ip: db.get("x"), n: socket.clients() })
      export default {
        async fetch(request, env, ctx) {
          ctx.waitUntil(fetch("https://example.com", { signal: AbortSignal.timeout(100) }))
          const form = await request.formData()
          const file = form.get("file")
          if (file instanceof File) env.s3.put(file.name, file, file.type)
          const secret: string | undefined = env["SECRET"]
          for (const [name, value] of request.headers) console.debug(name, value)
          const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret ?? ""))
          return env.s3.serve("a.txt") ?? new Response(digest, { status: 404, headers: { "x-id": crypto.randomUUID() } })
        },
      } satisfies Fazt.Handler
    `
    expect(await check(projectOf(undefined, { "main.ts": code, ...tsconfig(["main.ts"]) }), "tsconfig.json")).toBe("")
  })

  it.each([
    ["an answer that is none", `export default { fetch: () => "text" } satisfies Fazt.Handler`],
    ["a binding that is not there", `kv.increment("a")`],
    ["what only browsers have", `document.title`],
    ["what only Node has", `Buffer.from("a")`],
    ["a value taken for granted", `const n: number = kv.get<number>("n")`],
    ["an answer changed in place", `fazt.version = "2"`],
  ])("refuse %s", async (_, code) => {
    expect(await check(projectOf(undefined, { "main.ts": code, ...tsconfig(["main.ts"]) }), "tsconfig.json")).toContain("error TS")
  })
})
