import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { add } from "./add.ts"
import { makeDefault } from "./default.ts"
import { list } from "./list.ts"
import { remove } from "./remove.ts"

const verbs = [add, list, makeDefault, remove] as const
const manual = {
  summary: "Remember servers and their API keys.",
  details: ["They are kept in ~/.config/fazt/peers.json, which only you can read."],
  examples: ["fazt peer add prod --url https://admin.example.com --token fazt_…"],
} as const

export const peer = document(Command.make("peer").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "peer",
  manual,
  verbs,
  runs: false,
})
