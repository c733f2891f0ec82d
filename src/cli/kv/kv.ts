import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { deleteKey } from "./delete.ts"
import { get } from "./get.ts"
import { history } from "./history.ts"
import { list } from "./list.ts"
import { set } from "./set.ts"

const verbs = [get, set, list, deleteKey, history] as const
const manual = {
  summary: "Look into a site's key-value store, and change it.",
  examples: ["fazt kv list hello", "fazt kv get hello visits", "fazt kv history hello visits"],
} as const

export const kv = document(Command.make("kv").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "kv",
  manual,
  verbs,
  runs: false,
})
