import { randomUUIDv7 } from "node:crypto"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import { EnvValueInvalid, envValueProblem } from "../../commands/env.ts"
import { type EnvRow, envQueries } from "../../projections/envVars.ts"
import { Reads } from "../Reads.ts"
import { EnvUnreadable, SiteEnv } from "../SiteEnv.ts"
import { Api } from "./Api.ts"
import { Caller } from "./contract/authorization.ts"
import type { EnvVariable } from "./contract/env.ts"
import { refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { findSite } from "./findSite.ts"
import { counted } from "./paging.ts"
import { ensureMay } from "./reach.ts"
import { time } from "./views.ts"

const envView = ({ name, set_at, set_by }: EnvRow): EnvVariable => ({ name, set_at: time(set_at), set_by })

export const envLayer = HttpApiBuilder.group(Api, "env", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const env = yield* SiteEnv
    const { db } = yield* Reads
    const find = findSite(db)
    const { variables, variable } = envQueries(db)

    /** What is set now; nothing where it was sealed with a key that is lost, since then it has to be set anew. */
    const readable = (site: string): Readonly<Record<string, string>> => {
      try {
        return env.values(site)
      } catch (error) {
        if (error instanceof EnvUnreadable) return {}
        throw error
      }
    }

    /** Values that are there already are not set again, so that the same file can be sent with every deploy. */
    const changed = (site: string, values: Readonly<Record<string, string>>) => {
      const now = readable(site)
      return Object.entries(values).filter(([name, value]) => !Object.hasOwn(now, name) || now[name] !== value)
    }

    const set = (site: string, values: Readonly<Record<string, string>>) =>
      Effect.gen(function* () {
        yield* find(site)
        for (const [name, value] of Object.entries(values)) {
          const reason = envValueProblem(value)
          if (reason !== undefined) return yield* Effect.fail(new EnvValueInvalid({ name, reason }))
        }
        const sealed = changed(site, values).map(([name, secret]) => ({ name, secret, ref: `env/${site}/${randomUUIDv7()}` }))
        const command = { _tag: "SetEnv", site, values: sealed.map(({ name, ref }) => ({ name, ref })) } as const
        yield* commands.handle(
          command,
          yield* Caller,
          sealed.map(({ ref, secret }) => ({ ref, secret })),
        )
      })

    return handlers
      .handle("list", ({ path: { site }, urlParams }) =>
        Effect.map(find(site), () => counted(variables(site), urlParams, envView)).pipe(refuse),
      )
      .handle("set", ({ path: { site, name }, payload: { value } }) =>
        Effect.map(set(site, { [name]: value }), () => ({ data: envView(variable(site, name)!) })).pipe(refuse),
      )
      .handle("setAll", ({ path: { site }, payload: { values } }) =>
        Effect.map(set(site, values), () => ({ data: variables(site).map(envView) })).pipe(refuse),
      )
      .handle("unset", ({ path: { site, name }, urlParams: { purge } }) =>
        Effect.gen(function* () {
          yield* find(site)
          yield* commands.handle({ _tag: "UnsetEnv", site, name, purge }, yield* Caller)
          const kept = purge
            ? "Every value it ever had is shredded."
            : "Its values stay sealed in the vault; unsetting it with `purge` shreds them."
          return { data: { message: `${name} of ${site} is unset. ${kept}` } }
        }).pipe(refuse),
      )
      .handle("classicList", ({ urlParams }) =>
        Effect.gen(function* () {
          const site = (yield* required("site_id", urlParams.site_id)).toLowerCase()
          yield* ensureMay("env.read", site)
          yield* find(site)
          return { data: { vars: variables(site).map(({ name }) => ({ id: classicId(site, name), name })) } }
        }).pipe(refuse),
      )
      .handle("classicSet", ({ payload }) =>
        Effect.gen(function* () {
          const site = (yield* required("site_id", payload.site_id)).toLowerCase()
          yield* ensureMay("env.write", site)
          const name = yield* required("name", payload.name)
          // A value may be empty.
          if (payload.value === undefined) return yield* Effect.fail(missing("value"))
          yield* set(site, { [name]: payload.value })
          return { data: {} }
        }).pipe(refuse),
      )
      .handle("classicUnset", ({ urlParams }) =>
        Effect.gen(function* () {
          const id = yield* required("id", urlParams.id)
          const at = id.indexOf(":")
          if (at < 1) return yield* Effect.fail(refusal("ENV_NOT_FOUND", `There is no such variable: an id is <site>:<name>.`))
          const site = id.slice(0, at).toLowerCase()
          yield* ensureMay("env.write", site)
          const name = id.slice(at + 1)
          yield* find(site)
          yield* commands.handle({ _tag: "UnsetEnv", site, name, purge: false }, yield* Caller)
          return { data: { message: `${name} of ${site} is unset.` } }
        }).pipe(refuse),
      )
  }),
)

/** A variable as Fazt 0.9 names it in `id`: neither a site's name nor a variable's has a colon. */
const classicId = (site: string, name: string): string => `${site}:${name}`

const required = (field: string, value: string | undefined) =>
  value === undefined || value === "" ? Effect.fail(missing(field)) : Effect.succeed(value)

const missing = (field: string) => refusal("MISSING_FIELD", `Give \`${field}\`.`)
