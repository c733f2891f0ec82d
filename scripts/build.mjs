// Bundles src/ into dist/: one file per thread. Native and asset-bearing packages stay outside.
import { rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = fileURLToPath(new URL("..", import.meta.url))
rmSync(`${root}/dist`, { recursive: true, force: true })
await build({
  absWorkingDir: root,
  entryPoints: [
    "src/main.ts",
    "src/commands/writerThread.ts",
    "src/projections/readerThread.ts",
    "src/http/deploy/unpackThread.ts",
    "src/http/deploy/compressThread.ts",
  ],
  outbase: "src",
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "chunk-[hash]",
  platform: "node",
  format: "esm",
  target: "node24",
  external: ["better-sqlite3", "@effect/sql", "@effect/cluster"],
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  minifySyntax: true,
  sourcemap: "linked",
  logLevel: "warning",
})
