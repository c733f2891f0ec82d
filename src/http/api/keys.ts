import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import { KeyNotFound } from "../../commands/keys.ts"
import type { Scope } from "../../events/keys.ts"
import { accessQueries, type KeyRow } from "../../projections/access.ts"
import { Reads } from "../Reads.ts"
import { Api } from "./Api.ts"
import { Caller } from "./contract/authorization.ts"
import type { ApiKey } from "./contract/keys.ts"
import { type Failure, refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { newKey } from "./newKey.ts"
import { counted } from "./paging.ts"
import { may, type Principal, reachesSite, scopePermissions } from "./policy.ts"
import { time, timeOrNull } from "./views.ts"

const day = 86_400_000

/** Keys that one user may have made, revoked ones included: their history stays. */
const mostKeys = 10_000

const keyView = (row: KeyRow): ApiKey => ({
  id: row.key,
  name: row.name,
  scopes: row.scopes,
  sites: row.sites,
  user: row.user,
  created_at: time(row.created_at),
  expires_at: timeOrNull(row.expires_at),
  last_used_at: timeOrNull(row.last_used_at),
  revoked_at: timeOrNull(row.revoked_at),
})

const isManager = (caller: Principal): boolean => may(caller, "users.manage")

export const keysLayer = HttpApiBuilder.group(Api, "keys", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const { db } = yield* Reads
    const read = accessQueries(db)

    /** A key that this one may see: their own, or anybody's if they manage users. */
    const find = (id: string): Effect.Effect<KeyRow, KeyNotFound, Caller> =>
      Effect.flatMap(Caller, (caller) => {
        const row = read.key(id)
        const isSeen = row !== undefined && (row.user === caller.user || isManager(caller)) && !reachesFurther(row, caller)
        return isSeen ? Effect.succeed(row) : Effect.fail(new KeyNotFound({ key: id }))
      })

    const revoke = (id: string) =>
      Effect.gen(function* () {
        const caller = yield* Caller
        const key = yield* find(id)
        if (key.user !== caller.user && caller.role !== "owner" && read.user(key.user)?.role === "owner") {
          return yield* Effect.fail(refusal("FORBIDDEN", "This key is an owner's: only owners revoke it."))
        }
        yield* commands.handle({ _tag: "RevokeKey", key: id }, caller)
        return { data: { message: `The key ${id} is revoked, with every key that it has made.` } }
      }).pipe(refuse)

    /** When the key ends that makes this one: a key cannot outlive the one that made it. */
    const latestEnd = ({ key }: Principal): number | undefined => (key === undefined ? undefined : (read.key(key)?.expires_at ?? undefined))

    return handlers
      .handle("list", ({ urlParams: { limit, offset } }) =>
        Effect.map(Caller, (caller) => {
          const user = isManager(caller) ? undefined : caller.user
          if (caller.key !== undefined && caller.sites !== undefined) {
            const within = read.keys({ user: caller.user, limit: mostKeys, offset: 0 }).filter((row) => !reachesFurther(row, caller))
            return counted(within, { limit, offset }, keyView)
          }
          const rows = read.keys({ user, limit, offset })
          return { data: rows.map(keyView), meta: { total: read.keyCount(user), limit, offset } }
        }),
      )
      .handle("get", ({ path: { id } }) => Effect.map(find(id), (row) => ({ data: keyView(row) })).pipe(refuse))
      .handle("create", ({ payload: { name, scopes, sites, expires_in_days } }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const refused = scopeProblem(caller, scopes) ?? siteProblem(caller, sites)
          if (refused !== undefined) return yield* Effect.fail(refused)
          if (read.keyCount(caller.user) >= mostKeys) return yield* Effect.fail(tooManyKeys)
          const now = yield* Clock.currentTimeMillis
          const asked = expires_in_days === undefined ? undefined : now + expires_in_days * day
          const ends = [asked, latestEnd(caller)].filter((end) => end !== undefined)
          const limitedTo = sites ?? (caller.via === "key" && caller.sites !== undefined ? [...caller.sites] : undefined)
          const { token, command } = newKey(name, [...new Set(scopes)], {
            user: caller.user,
            ...(caller.key === undefined ? {} : { maker: caller.key }),
            ...(limitedTo === undefined ? {} : { sites: limitedTo }),
            ...(ends.length === 0 ? {} : { expires: Math.min(...ends) }),
          })
          yield* commands.handle(command, caller)
          return { data: { ...keyView(read.key(command.key)!), token, message: "Keep the token: it is shown this once." } }
        }).pipe(refuse),
      )
      .handle("revoke", ({ path: { id } }) => revoke(id))
      .handle("classicRevoke", ({ urlParams: { id } }) => revoke(id))
  }),
)

/** Whether the caller is a key and this another one, good for sites that the caller does not have. */
const reachesFurther = ({ key, sites }: KeyRow, caller: Principal): boolean =>
  caller.key !== undefined &&
  key !== caller.key &&
  caller.sites !== undefined &&
  (sites === null || sites.some((site) => !reachesSite(caller, site)))

const tooManyKeys = refusal("CONFLICT", `A user can make ${mostKeys} keys, and these are made.`)

/** Nobody gives a key more than they have. */
const scopeProblem = ({ permissions, role, via }: Principal, scopes: ReadonlyArray<Scope>): Failure | undefined => {
  const beyond = scopes.filter((scope) => [...scopePermissions[scope]].some((permission) => !permissions.has(permission)))
  if (beyond.length === 0) return undefined
  const who = via === "key" ? "this key" : `the role ${role}`
  return refusal("FORBIDDEN", `A key cannot have more than ${who} has: leave out ${beyond.join(", ")}.`)
}

const siteProblem = (caller: Principal, sites: ReadonlyArray<string> = []): Failure | undefined => {
  const beyond = sites.filter((site) => !reachesSite(caller, site))
  return beyond.length === 0 ? undefined : refusal("FORBIDDEN", `These sites are not yours: ${beyond.slice(0, 20).join(", ")}.`)
}
