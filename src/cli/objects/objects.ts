import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { deleteObject } from "./delete.ts"
import { get } from "./get.ts"
import { history } from "./history.ts"
import { list } from "./list.ts"
import { put } from "./put.ts"

const verbs = [list, get, put, deleteObject, history] as const
const manual = {
  summary: "Look into the objects of a site, and change them.",
  examples: ["fazt objects list hello", "fazt objects get hello img/cat.jpg > cat.jpg", "fazt objects put hello img/cat.jpg ./cat.jpg"],
} as const

export const objects = document(Command.make("objects").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "objects",
  manual,
  verbs,
  runs: false,
})
