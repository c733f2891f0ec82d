import { filesOf } from "./code/files.ts"
import type { Program } from "./program.ts"

/** A program that does a little of what programs do. */
export const warmUpProgram: Program = {
  site: "warm-up",
  server: { form: "module", entry: "main.js", scope: "site", modules: [], stdlib: [] },
  files: filesOf({
    "main.js": `export default {
  async fetch(request) {
    const url = new URL(request.url)
    const items = Array.from({ length: 5 }, (_, i) => ({ id: i, name: "item " + i }))
    return Response.json({ path: url.pathname, host: request.headers.get("host"), items }, { headers: { "x-warm": "yes" } })
  },
}
`,
  }),
}
