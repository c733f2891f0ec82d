import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { collections } from "./collections.ts"
import { deleteDocument } from "./delete.ts"
import { get } from "./get.ts"
import { history } from "./history.ts"
import { list } from "./list.ts"
import { set } from "./set.ts"

const verbs = [collections, list, get, set, deleteDocument, history] as const
const manual = {
  summary: "Look into the documents of a site, and change them.",
  examples: ["fazt documents collections hello", "fazt documents list hello posts", "fazt documents get hello posts p1"],
} as const

export const documents = document(Command.make("documents").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "documents",
  manual,
  verbs,
  runs: false,
})
