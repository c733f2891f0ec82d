import { version as release } from "../resources.ts"
import { json } from "./options.ts"
import { answer } from "./output.ts"
import { verb } from "./verb.ts"

export const version = verb(
  "version",
  { summary: "Show this program's version.", examples: ["fazt version", "fazt --version"] },
  { json },
  ({ json }) => answer(json, { version: release, node: process.versions.node }, () => `fazt ${release}`),
)
