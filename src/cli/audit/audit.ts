import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import type { Server } from "../client.ts"
import { withRunningServer, withServer } from "../connection.ts"
import { newestPages } from "../follow.ts"
import { Interruption } from "../interruption.ts"
import { json, limit, serverOptions } from "../options.ts"
import { note } from "../output.ts"
import { document, verb } from "../verb.ts"
import { printAudit } from "./entries.ts"
import { type Filters, filterParams, filters } from "./filters.ts"
import { follow, lastSeq } from "./follow.ts"
import { verify } from "./verify.ts"

const following = Options.boolean("follow").pipe(Options.withAlias("f"), Options.withDescription("Go on with events as they happen."))

const list = verb(
  "audit",
  {
    summary: "Show what happened, newest last.",
    details: ["With --json, one event a line."],
    examples: ["fazt audit", "fazt audit --site hello --since 2h", "fazt audit --type v1.SiteDeployed --json", "fazt audit -f"],
  },
  { ...filters, limit: limit(50, 100_000), following, json, ...serverOptions },
  ({ limit, following, json, to, token, db, ...filters }) =>
    Effect.gen(function* () {
      const options = { to, token, db }
      const seen = yield* withServer(options, (server) => printRecent(server, filters, limit, json))
      if (!following) return
      yield* Effect.flatMap(Interruption, ({ isTheEnd }) => isTheEnd)
      yield* withRunningServer(options, (server) => follow(server, filters, json, seen))
    }),
)

/** Prints the newest events that match, and answers up to where the log has been seen. */
const printRecent = (server: Server, filters: Filters, limit: number, json: boolean) =>
  Effect.gen(function* () {
    // Asked for first: whatever comes between the two answers is in the second.
    const { data: head } = yield* server.api.audit.list({ urlParams: { limit: 1, wait: 0 } })
    const entries = yield* newest(server, filters, limit)
    yield* printAudit(json, entries)
    if (entries.length === 0 && !json) yield* note("no events match")
    return Math.max(lastSeq(head), lastSeq(entries))
  })

const verbs = [verify] as const

export const audit = document(list.pipe(Command.withSubcommands(verbs)), { verb: "audit", manual: list.manual, verbs, runs: true })

/** The newest events that match, oldest first. */
export const newest = ({ api }: Server, filters: Filters, limit: number) =>
  newestPages(limit, (page) => api.audit.list({ urlParams: { ...filterParams(filters), ...page, wait: 0 } }))
