// Makes the files of packages/client that follow from the API: what its OpenAPI document says, as a table of operations and as types.
// With --check nothing is written: it fails if the files are not what they would be made.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { declarationsText } from "../packages/client/generator/declarations.ts"
import { operationsOf } from "../packages/client/generator/operations.ts"
import { tableText } from "../packages/client/generator/table.ts"
import { openApiDocument } from "../src/http/api/openapi.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

const formatted = (path, text) => {
  const args = ["format", `--stdin-file-path=${path}`]
  const { status, stdout, stderr } = spawnSync(`${root}/node_modules/.bin/biome`, args, { cwd: root, input: text, encoding: "utf8" })
  if (status !== 0) throw new Error(`${path} cannot be formatted: ${stderr}`)
  return stdout
}

const document = openApiDocument()
const operations = operationsOf(document)
const files = {
  "packages/client/src/operations.js": tableText(operations),
  "packages/client/src/api.d.ts": declarationsText(document, operations),
}

const old = Object.entries(files)
  .map(([path, text]) => [path, formatted(path, text)])
  .filter(([path, text]) => !existsSync(`${root}/${path}`) || readFileSync(`${root}/${path}`, "utf8") !== text)
if (process.argv.includes("--check")) {
  if (old.length > 0) {
    console.error(
      `${old.map(([path]) => path).join(" and ")} no longer fit the API. Run: PATH=$PWD/node_modules/.bin:$PATH node scripts/client.mjs`,
    )
    process.exit(1)
  }
} else for (const [path, text] of old) writeFileSync(`${root}/${path}`, text)
