import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AuditEntry } from "../../http/api/Api.ts"
import type { Server } from "../client.ts"
import { withServer } from "../connection.ts"
import { Interruption } from "../interruption.ts"
import { given, json, limit, serverOptions } from "../options.ts"
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
    withServer({ to, token, db }, (server) =>
      Effect.gen(function* () {
        // Asked for first: whatever comes between the two answers is in the second.
        const head = following ? lastSeq((yield* server.api.audit.list({ urlParams: { limit: 1, wait: 0 } })).data) : 0
        const entries = yield* newest(server, filters, limit)
        yield* printAudit(json, entries)
        if (following) {
          yield* Effect.flatMap(Interruption, ({ isTheEnd }) => isTheEnd)
          yield* follow(server, filters, json, Math.max(head, lastSeq(entries)))
        } else if (entries.length === 0 && !json) yield* note("no events match")
      }),
    ),
)

const verbs = [verify] as const

export const audit = document(list.pipe(Command.withSubcommands(verbs)), { verb: "audit", manual: list.manual, verbs, runs: true })

/** The newest events that match, oldest first. */
const newest = ({ api }: Server, filters: Filters, limit: number) =>
  Effect.gen(function* () {
    const entries: Array<AuditEntry> = []
    let before = Option.none<number>()
    while (entries.length < limit) {
      const { data, meta } = yield* api.audit.list({
        urlParams: { ...filterParams(filters), ...given("before", before), wait: 0, limit: Math.min(1000, limit - entries.length) },
      })
      entries.push(...data)
      if (meta.next === null) break
      before = Option.some(Number(meta.next))
    }
    return entries.reverse()
  })
