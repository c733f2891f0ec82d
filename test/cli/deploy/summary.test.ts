import { expect, it } from "vitest"
import { renderDeployed, renderWarning } from "../../../src/cli/deploy/summary.ts"
import { makePaint } from "../../../src/cli/paint.ts"
import type { Deployed } from "../../../src/http/api/contract/deploys.ts"

const plain = { paint: makePaint(false), columns: undefined }

const deployed = (server: unknown, notes: ReadonlyArray<string> = []): Deployed =>
  ({
    site: "a",
    deploy: "0123456789",
    url: "http://a",
    preview_url: "http://p",
    file_count: 1,
    size_bytes: 5,
    added: 1,
    changed: 0,
    removed: 0,
    warnings: [],
    server,
    notes,
  }) as unknown as Deployed

it.each([
  [{ form: "module", entry: "main.js", scope: "site" }, "main.js answers every path that has no file (an ES module)"],
  [{ form: "module", entry: "api/main.ts", scope: "api" }, "api/main.ts answers everything under /api/ (an ES module)"],
  [{ form: "api", entry: "api/main.js", scope: "api" }, "api/main.js answers everything under /api/ (a script in the way of Fazt 0.9)"],
  [{ form: "legacy", entry: "main.js", scope: "site" }, "main.js answers every path (a script in the way of Fazt 0.8)"],
])("a deploy says what answers: %j", (server, line) => {
  expect(renderDeployed(deployed(server), 1, 5, plain).split("\n")).toContain(`  ${line}`)
})

it("a deploy without server code says nothing of it, but what was noted", () => {
  const lines = renderDeployed(deployed(null, ["main.js is not server code"]), 1, 5, plain).split("\n")
  expect(lines).toHaveLength(3)
  expect(lines[2]).toBe("  main.js is not server code")
})

it("a warning names its file and line", () => {
  expect(renderWarning({ file: "api/main.js", line: 3, reason: "\u001b[2Jx" })).toBe("warning: api/main.js:3: \\u001b[2Jx")
})
