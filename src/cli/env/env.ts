import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { list } from "./list.ts"
import { set } from "./set.ts"
import { unset } from "./unset.ts"

const verbs = [set, unset, list] as const
const manual = {
  summary: "Give a site's code its environment variables and secrets.",
  examples: ["fazt env set hello API_KEY=s3cret", "fazt env list hello"],
} as const

export const env = document(Command.make("env").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "env",
  manual,
  verbs,
  runs: false,
})
