import { version as release } from "../resources.ts"
import { json } from "./options.ts"
import { answer } from "./output.ts"
import { verb } from "./verb.ts"

export const version = verb(
  "version",
  { summary: "Show this program's version.", details: ["`fazt --version` does the same."], examples: ["fazt version"] },
  { json },
  ({ json }) => answer(json, { version: release, node: process.versions.node }, () => `fazt ${release}`),
)
