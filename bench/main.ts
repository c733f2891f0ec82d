import { cpus } from "node:os"
import { apiBenches } from "./api.ts"
import { benchDeploy } from "./deploy.ts"
import { functionBenches } from "./functions.ts"
import { benchLog } from "./log.ts"
import { benchStatic } from "./static.ts"

/**
 * `npm run bench -- [log|static|deploy|api|functions …]`: figures, with ratios to the limit measured in the same run. Nothing here passes
 * or fails. A part of one has a name with a dot: `functions.store`.
 */
const benches: Readonly<Record<string, () => Promise<void>>> = {
  log: benchLog,
  static: benchStatic,
  deploy: benchDeploy,
  ...apiBenches,
  ...functionBenches,
}

const chosen = process.argv.slice(2)
process.stdout.write(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}\n`)
for (const [name, bench] of Object.entries(benches)) {
  if (chosen.length === 0 || chosen.some((part) => name === part || name.startsWith(`${part}.`))) await bench()
}
