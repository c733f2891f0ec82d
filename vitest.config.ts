import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["./test/support/buildOnce.ts"],
    // One worker for each of CI's processors: by itself vitest leaves one of two idle.
    maxWorkers: 2,
    // What runs the sandbox in the test's own thread needs a stack like that of a sandbox thread (`poolThread.ts`).
    execArgv: ["--stack-size=6000"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", "./test/support/closingLine.ts"],
  },
})
