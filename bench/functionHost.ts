import { readFileSync } from "node:fs"
import { guestFile } from "../src/resources.ts"
import { allBindings } from "../src/runtime/bindings/all.ts"
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

export const bindingsOf = (program: Program): ReadonlyArray<Binding> => [...allBindings, requireBinding(program)]
