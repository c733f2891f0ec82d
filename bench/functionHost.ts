import { readFileSync } from "node:fs"
import { guestFile } from "../src/resources.ts"
import { consoleBinding } from "../src/runtime/bindings/console.ts"
import { dsBinding } from "../src/runtime/bindings/ds.ts"
import { envBinding } from "../src/runtime/bindings/env.ts"
import { fetchBinding } from "../src/runtime/bindings/fetch.ts"
import { kvBinding } from "../src/runtime/bindings/kv.ts"
import { realtimeBinding } from "../src/runtime/bindings/realtime.ts"
import { s3Binding } from "../src/runtime/bindings/s3.ts"
import { timersBinding } from "../src/runtime/bindings/timers.ts"
import { webBinding } from "../src/runtime/bindings/web.ts"
import { filesOf } from "../src/runtime/code/files.ts"
import type { Binding } from "../src/runtime/host.ts"
import { type Program, requireBinding } from "../src/runtime/program.ts"

// What a sandbox thread gives its sandboxes, for benchmarks that make one themselves.

export const prelude = (): string => readFileSync(guestFile("prelude.js"), "utf8")

export const programOf = (code: string): Program => ({
  site: "bench",
  server: { form: "module", entry: "main.js", scope: "site", modules: [], stdlib: [] },
  files: filesOf({ "main.js": code }),
})

export const bindingsOf = (program: Program): ReadonlyArray<Binding> => [
  webBinding,
  consoleBinding,
  timersBinding,
  fetchBinding,
  kvBinding,
  dsBinding,
  s3Binding,
  envBinding,
  realtimeBinding,
  requireBinding(program),
]
