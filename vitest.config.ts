import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

// Threads and programs that tests start load the same sources again and again: what Node has compiled of them is kept.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/node-compile", import.meta.url))

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["./test/support/buildOnce.ts"],
    // One worker for each of CI's processors: by itself vitest leaves one of two idle.
    maxWorkers: 2,
    // Loading the program for each test file anew would take a third of the time. A file puts back what it changes of the process.
    isolate: false,
    // What runs the sandbox in the test's own thread needs a stack like that of a sandbox thread (`poolThread.ts`).
    execArgv: ["--stack-size=6000"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", "./test/support/closingLine.ts"],
  },
})
