import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { fazt } from "../../src/cli/cli.ts"
import { findVerb } from "../../src/cli/help.ts"
import type { Documented } from "../../src/cli/verb.ts"
import { policy, scopePermissions } from "../../src/http/api/policy.ts"
import { matchRoute } from "../../src/http/api/routes.ts"
import { runVerb } from "./runVerb.ts"
import { tree } from "./tree.ts"

const text = readFileSync(fileURLToPath(new URL("../../docs/cli.md", import.meta.url)), "utf8")

interface Row {
  readonly command: string
  readonly entry: Documented
  readonly scope: string
}

/** The commands of the table, each with the scope that it is said to need. */
const rows: ReadonlyArray<Row> = text
  .slice(text.indexOf("| command |"))
  .split("\n")
  .slice(2)
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => {
    const cells = line.split(" | ")
    return [...cells[0]!.matchAll(/`([^`]+)`/g)].map(([, words]) => {
      const { path, entry } = findVerb(fazt, words!.split(" "))
      return { command: path.slice(1).join(" "), entry, scope: cells.at(-1)!.replace(/ *\|$/, "").trim() }
    })
  })

const running = (entry: Documented, path: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...(entry.runs ? [path.join(" ")] : []),
  ...entry.verbs.flatMap((child) => running(child, [...path, child.verb])),
]

/** The words of the first example, without what a shell does with them, and without the server that it names. */
const exampleOf = ({ manual }: Documented): ReadonlyArray<string> => {
  const [command] = manual.examples[0].split(/ [|<>] /)
  const words = [...command!.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => single ?? double ?? bare!)
  const files = tree({ "folder/index.html": "x", file: "x" })
  return words
    .slice(1)
    .filter((word, i, all) => !["--to", "--db"].includes(word) && !["--to", "--db"].includes(all[i - 1] ?? ""))
    .map((word) => (word.startsWith("./") ? join(files, words[1] === "deploy" ? "folder" : "file") : word))
}

/** Refuses everything, and remembers what it was asked first. */
const refusing = () => {
  const asked: Array<string> = []
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url!.split("?", 1)[0]}`)
    res.writeHead(403, { "content-type": "application/json", connection: "close" })
    res.end('{"error":{"code":"FORBIDDEN","message":"no"}}')
  })
  return { asked, server }
}

describe("the table of commands", () => {
  const { asked, server } = refusing()
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, resolve)))
  afterAll(() => void server.close())

  it("has every command, once", () => {
    expect(rows.map(({ command }) => command).sort()).toEqual([...running(fazt, [])].map((path) => path.replace(/^fazt /, "")).sort())
  })

  const checked = rows.filter(({ scope }) => scope !== "" && scope !== "its own")

  it.each(checked.map((row) => [row.command, row.scope, row.entry] as const))("says which scope %s needs: %s", async (_, scope, entry) => {
    asked.length = 0
    const url = `http://localhost:${(server.address() as AddressInfo).port}`
    const credentials = scope === "account" ? [] : ["--token", "fazt_abcdefghijkl_x"]
    await runVerb([...exampleOf(entry), "--server", url, ...credentials], { person: () => "yes" })
    const [method, path] = (asked[0] ?? "nothing was asked").split(" ") as [string, string]
    if (scope === "account") return expect([method, path]).toEqual(["POST", "/api/login"])
    const { needs } = policy[matchRoute(method, path).endpoint!]!
    const granting = Object.entries(scopePermissions).flatMap(([name, granted]) => (needs !== "public" && granted.has(needs) ? [name] : []))
    const beside = granting.filter((name) => name !== "admin")
    expect(needs === "public" ? "none" : (beside.length > 0 ? beside : granting).join(", ")).toBe(scope)
  })
})
