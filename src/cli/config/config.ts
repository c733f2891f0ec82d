import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { get } from "./get.ts"
import { list } from "./list.ts"
import { set } from "./set.ts"
import { unset } from "./unset.ts"

const verbs = [list, get, set, unset] as const
const manual = {
  summary: "Read and change a server's settings.",
  examples: ["fazt config list", "fazt config set server.domain example.com"],
} as const

export const config = document(Command.make("config").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "config",
  manual,
  verbs,
  runs: false,
})
