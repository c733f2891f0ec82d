import type { Reporter, TestModule } from "vitest/node"

/** Ends a test run with one plain line, `N passed, N failed[, N skipped]`, for programs that read the output. */
class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<unknown>): void {
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === "passed" || state === "failed" || state === "skipped") counts[state]++
      }
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""
    // The default reporter writes its summary in the same hook: one turn later this is the last line.
    setImmediate(() => process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`))
  }
}

// biome-ignore lint/style/noDefaultExport: Vitest loads a reporter by its module's default export.
export default ClosingLine
