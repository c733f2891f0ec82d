import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { create } from "./create.ts"
import { list } from "./list.ts"
import { show } from "./show.ts"

const verbs = [show, create] as const

export const sites = document(list.pipe(Command.withSubcommands(verbs)), { verb: "sites", manual: list.manual, verbs, runs: true })
