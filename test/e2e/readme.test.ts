import { readFileSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "../support/cartridge.ts"
import { shell, startProgram } from "../support/program.ts"

const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8")

/** The commands of the tour, one line each, as a reader would type them. */
const tour = [...readme.slice(readme.indexOf("## A five-minute tour")).matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) =>
  block!.trim().split("\n"),
)

describe("the tour in the README", () => {
  it("works, command by command", async () => {
    const folder = temporaryFolder()
    const server = await startProgram(folder)
    try {
      expect(tour.length).toBeGreaterThan(15)
      const outputs: Array<string> = []
      for (const line of tour) {
        const { code, stdout, stderr } = await shell(folder, line.replaceAll("4698", String(server.port)))
        expect(code, `${line}\n${stdout}${stderr}`).toBe(0)
        outputs.push(`$ ${line}\n${stdout}`)
      }
      const all = outputs.join("\n")
      expect(all).toContain("<h1>About</h1>")
      expect(all).toContain("1 uploaded")
      expect(all).toMatch(/-<h1>Hello<\/h1>\n\+<h1>Hello, again<\/h1>/)
      expect(all).toContain("visit 2")
      expect(all).toMatch(/log +counting/)
      expect(all).toMatch(/v1\.SiteRolledBack/)
      expect(all).toMatch(/events verified/)
      const page = await shell(folder, `curl -s http://my-site.localhost:${server.port}/`)
      expect(page.stdout).toBe("<h1>Hello, again</h1>\n")
    } finally {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 120_000)
})
