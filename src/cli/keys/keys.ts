import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { createVerb } from "./create.ts"
import { listVerb } from "./list.ts"
import { revokeVerb } from "./revoke.ts"
import { show } from "./show.ts"

const list = listVerb("keys", "keys")
const verbs = [createVerb("create", "keys create"), show, revokeVerb("revoke", "keys revoke")] as const

export const keys = document(list.pipe(Command.withSubcommands(verbs)), { verb: "keys", manual: list.manual, verbs, runs: true })
