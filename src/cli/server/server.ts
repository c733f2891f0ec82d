import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { cache } from "./cache.ts"
import { database } from "./database.ts"
import { health } from "./health.ts"
import { init } from "./init.ts"
import { createKey, keys, revokeKey } from "./keys.ts"
import { limits } from "./limits.ts"
import { setConfig } from "./setConfig.ts"
import { setCredentials } from "./setCredentials.ts"
import { start } from "./start.ts"
import { status } from "./status.ts"

const verbs = [start, init, status, health, limits, cache, database, createKey, keys, revokeKey, setConfig, setCredentials] as const
const manual = { summary: "Run a server and look after it.", examples: ["fazt server start"] } as const

export const server = document(Command.make("server").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "server",
  manual,
  verbs,
  runs: false,
})
