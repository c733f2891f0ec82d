// Bundles src/ into dist/: one entry for each thread. Native and asset-bearing packages stay outside. Does nothing when dist/ is
// newer than all it is made of.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { buildGuest } from "./guest.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const dist = join(root, "dist")
const main = join(dist, "main.js")

const newest = (folder) => Math.max(...readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, name)).mtimeMs))

await buildGuest()

const sourceTime = Math.max(
  newest(join(root, "src")),
  statSync(join(root, "package-lock.json")).mtimeMs,
  statSync(fileURLToPath(import.meta.url)).mtimeMs,
)
if (existsSync(main) && statSync(main).mtimeMs > sourceTime) process.exit(0)

for (const entry of readdirSync(dist)) if (entry !== "guest") rmSync(join(dist, entry), { recursive: true })
await build({
  absWorkingDir: root,
  entryPoints: [
    "src/main.ts",
    "src/commands/writerThread.ts",
    "src/projections/readerThread.ts",
    "src/http/deploy/unpackThread.ts",
    "src/http/deploy/compressThread.ts",
    "src/http/accounts/bcryptThread.ts",
    "src/runtime/engineThread.ts",
    "src/runtime/sandboxThread.ts",
  ],
  outbase: "src",
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "chunk-[hash]",
  platform: "node",
  format: "esm",
  target: "node24",
  external: ["better-sqlite3"],
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  minifySyntax: true,
  sourcemap: "linked",
  logLevel: "warning",
})
