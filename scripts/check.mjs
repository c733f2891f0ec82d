// npm run check: types (with Effect's diagnostics where that compiler exists for the machine), lint and format, architecture.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const effectTsc = "node_modules/@effect/tsgo-linux-x64/lib/tsc"
const withEffect = existsSync(`${root}/${effectTsc}`)

const steps = [
  [
    withEffect ? "types and Effect diagnostics" : "types (no Effect diagnostics on this platform)",
    withEffect ? effectTsc : "node_modules/.bin/tsc",
    "-p",
    ".",
  ],
  ["lint and format", "node_modules/.bin/biome", "ci", "."],
  ["architecture", "node_modules/.bin/vitest", "run", "test/architecture.test.ts"],
]
for (const [name, command, ...args] of steps) {
  console.log(`check: ${name}`)
  const { status } = spawnSync(`${root}/${command}`, args, { cwd: root, stdio: "inherit" })
  if (status !== 0) {
    console.error(`check: ${name} failed`)
    process.exit(status ?? 1)
  }
}
console.log("check: everything passed")
