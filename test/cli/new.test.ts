import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { serverCodeOf } from "../../src/runtime/code/detect.ts"
import { filesOf } from "../../src/runtime/code/files.ts"
import { fazt } from "../support/program.ts"
import { tree } from "./tree.ts"

/** Every file below a folder, by its path. */
const contents = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  )

it.each([
  ["static", ["index.html", "404.html", "style.css", "README.md"], undefined],
  ["api", ["index.html", "app.js", "api/main.js", "jsconfig.json", "fazt.d.ts", "README.md"], "api/main.js"],
  ["hono", ["src/main.ts", "package.json", "tsconfig.json", "fazt.d.ts", "README.md"], undefined],
  ["chat", ["index.html", "chat.js", "api/main.js", "jsconfig.json", "fazt.d.ts", "README.md"], "api/main.js"],
] as const)("begins a site from the template %s", async (template, expected, entry) => {
  const folder = tree()
  const { code, stdout, stderr } = await fazt(folder, ["new", "My Site", "--template", template, "--json"])
  expect([code, stderr]).toEqual([0, ""])
  const answer = JSON.parse(stdout)
  expect(answer).toMatchObject({ site: "my-site", folder: join(folder, "My Site"), template })

  const files = contents(join(folder, "My Site"))
  expect(Object.keys(files)).toEqual(expect.arrayContaining([...expected]))
  expect(answer.files).toEqual(Object.keys(files).sort())
  expect(Object.values(files).join("\n")).not.toContain("{{name")
  expect(files["README.md"]).toContain("# my-site")

  const detected = serverCodeOf(filesOf(files))
  expect(detected).toMatchObject({ warnings: [] })
  expect("server" in detected ? detected.server?.entry : detected).toBe(entry)
})

it("says what to do next", async () => {
  const { stdout } = await fazt(tree(), ["new", "notes", "-t", "api"])
  expect(stdout).toContain("notes begins in ")
  expect(stdout).toContain("  fazt dev notes\n  fazt deploy notes\n")
})

it("writes into an empty folder that is there, and names the site as told", async () => {
  const folder = tree({ ".keep": "" })
  const inside = join(folder, "empty")
  expect((await fazt(folder, ["new", "empty", "--name", "shop"])).code).toBe(0)
  expect(contents(inside)["index.html"]).toContain("<h1>shop</h1>")
})

it("refuses a folder that holds something, and leaves it as it was", async () => {
  const folder = tree({ "site/a.txt": "mine" })
  const { code, stderr } = await fazt(folder, ["new", "site"])
  expect(code).toBe(1)
  expect(stderr).toContain(`${join(folder, "site")} is not empty`)
  expect(contents(join(folder, "site"))).toEqual({ "a.txt": "mine" })
})

it("refuses a file in the place of the folder", async () => {
  const folder = tree({ site: "mine" })
  const { code, stderr } = await fazt(folder, ["new", "site"])
  expect(code).toBe(1)
  expect(stderr).toContain("is no folder")
})

it("refuses a name that no site can have, before it writes anything", async () => {
  const folder = tree()
  expect((await fazt(folder, ["new", "site", "--name", "Not A Label"])).code).toBe(2)
  expect((await fazt(folder, ["new", "???"])).code).toBe(2)
  expect(readdirSync(folder)).toEqual([])
})
