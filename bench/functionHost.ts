import { filesOf } from "../src/runtime/code/files.ts"
import type { Program } from "../src/runtime/program.ts"

export const programOf = (code: string): Program => ({
  site: "bench",
  server: { form: "module", entry: "main.js", scope: "site", modules: [], stdlib: [] },
  files: filesOf({ "main.js": code }),
})
