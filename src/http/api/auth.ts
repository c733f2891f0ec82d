import type { IncomingMessage, ServerResponse } from "node:http"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { NoLongerAllowed } from "../../commands/Commands.ts"
import { ownerUser } from "../../events/accounts.ts"
import type { Scope } from "../../events/keys.ts"
import { accessQueries, type KeyRow, type UserRow } from "../../projections/access.ts"
import { LastUses } from "../accounts/LastUses.ts"
import { Sessions } from "../accounts/Sessions.ts"
import { addressKey, clientOf } from "../clientOf.ts"
import { rateOf } from "../limits/apiRates.ts"
import { Limits } from "../limits/Limits.ts"
import { Reads } from "../Reads.ts"
import { actorOf } from "./actor.ts"
import { bearerOf } from "./bearer.ts"
import { bodyFailure, depthProblem } from "./body.ts"
import { Anyone, Authorization } from "./contract/authorization.ts"
import { type Failure, refusal, statusOf } from "./envelope.ts"
import { isLocal } from "./local.ts"
import { may, type Permission, type Principal, policy, rolePermissions, scopePermissions } from "./policy.ts"
import { queryOf } from "./queryOf.ts"
import { requestId } from "./requestId.ts"
import { routeOf } from "./routes.ts"
import { isSecret } from "./secrets.ts"

const keyForm = /^fazt_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/

/** A principal, but for what lets them be looked at again as their request goes on. */
type Known = Omit<Principal, "again" | "refusal">

/** The headers of an answer that is yet to be made. */
export interface AnswerHeaders {
  readonly setHeader: (name: string, value: string) => unknown
}

/** Who sends a request, and whether the policy lets them. */
export class Authentication extends Context.Tag("fazt/Authentication")<
  Authentication,
  {
    /** Who it is, whatever they may. Fails with 401 where that cannot be told. */
    readonly identify: (req: IncomingMessage) => Effect.Effect<Principal, Failure>
    /** Who it is, if the policy lets them do what the request is for. */
    readonly check: (req: IncomingMessage) => Effect.Effect<Principal, Failure>
    /** The same, counted against what they may ask in a minute, which the answer's headers tell. */
    readonly admit: (req: IncomingMessage, res: AnswerHeaders) => Effect.Effect<Principal, Failure>
    /** Counts a request of whoever it is against what their address may ask in a minute. */
    readonly admitAnyone: (req: IncomingMessage, res: AnswerHeaders) => Effect.Effect<void, Failure>
  }
>() {
  static readonly layer: Layer.Layer<Authentication, never, LastUses | Limits | Reads | Sessions> = Layer.effect(
    Authentication,
    Effect.gen(function* () {
      const { db } = yield* Reads
      const sessions = yield* Sessions
      const { used } = yield* LastUses
      const limits = yield* Limits
      const read = accessQueries(db)

      const local = (req: IncomingMessage): Known => ({
        actor: "owner",
        cause: requestId(req),
        // One owner always remains, though it need not be the first.
        user: read.owners()[0]?.user ?? ownerUser,
        role: "owner",
        via: "local",
        key: undefined,
        session: undefined,
        permissions: rolePermissions.owner,
        sites: undefined,
      })

      const byKey = (req: IncomingMessage, token: string, now: number): Either.Either<Known, Failure> => {
        const key = goodKey(read.key, token)
        const user = key === undefined ? undefined : read.user(key.user)
        if (key === undefined || user === undefined || user.removed_at !== null) return Either.left(invalidKey)
        if (key.expires_at !== null && key.expires_at <= now) return Either.left(expiredKey(key))
        used(key, now)
        return Either.right({
          actor: `key:${key.key}`,
          cause: requestId(req),
          user: user.user,
          role: user.role,
          via: "key",
          key: key.key,
          session: undefined,
          permissions: keyPermissions(key, user),
          sites: keySites(key, user),
        })
      }

      const bySession = (req: IncomingMessage, now: number): Either.Either<Known, Failure> => {
        const found = sessions.find(req, now)
        if (found === "none") return Either.left(missing)
        if (found === "ended") return Either.left(ended)
        const { session, user } = found
        return Either.right({
          actor: actorOf(user.user),
          cause: requestId(req),
          user: user.user,
          role: user.role,
          via: "session",
          key: undefined,
          session: session.session,
          permissions: rolePermissions[user.role],
          sites: sitesOf(user),
        })
      }

      const known = (req: IncomingMessage, now: number): Either.Either<Known, Failure> => {
        if (isLocal(req)) return Either.right(local(req))
        if (req.headers.authorization === undefined) return bySession(req, now)
        // Whoever sends a key means it: a cookie that is there too is not looked at.
        const token = bearerOf(req)
        return token === undefined ? Either.left(missing) : byKey(req, token, now)
      }

      const whoSends = (req: IncomingMessage, clock: Clock.Clock): Either.Either<Principal, Failure> => {
        const again = () => whoSends(req, clock)
        const whyNot = () => Either.match(again(), { onLeft: (failure) => failure, onRight: (who) => refusalOf(req, who) })
        return Either.map(known(req, clock.unsafeCurrentTimeMillis()), (who) => ({ ...who, again, refusal: () => noLonger(whyNot()) }))
      }

      const identify = (req: IncomingMessage): Effect.Effect<Principal, Failure> =>
        Effect.clockWith((clock) => Either.match(whoSends(req, clock), { onLeft: Effect.fail, onRight: Effect.succeed }))

      const allowed = (req: IncomingMessage, who: Principal): Effect.Effect<Principal, Failure> => {
        const refused = refusalOf(req, who)
        return refused === undefined ? Effect.succeed(who) : Effect.fail(refused)
      }

      /** Counts for the caller; where secrets can be guessed, and where there is no caller, for the address. */
      const count = (req: IncomingMessage, res: AnswerHeaders, who: Principal | undefined): Effect.Effect<void, Failure> =>
        Effect.suspend(() => {
          const kind = rateOf(req.method ?? "GET", req.url ?? "/")
          const verdict = limits.api.take(
            kind,
            who === undefined || who.via === "local" || kind === "auth" ? nameless(req, kind) : who.actor,
          )
          for (const [name, value] of Object.entries(verdict.headers)) res.setHeader(name, value)
          return verdict.allowed ? Effect.void : Effect.fail(tooOften(verdict.retryAfterSeconds))
        })

      /**
       * Who is counted where there is no caller: the address. Where secrets can be guessed each endpoint counts for itself, and whoever shows the
       * cookie of a session, ended or not, is counted apart: strangers at the same address hold up nobody who has been here before.
       */
      const nameless = (req: IncomingMessage, kind: string): string => {
        const address = addressKey(clientOf(req, limits.trusted()).address)
        if (kind !== "auth" || address === "local") return address
        return `${sessions.known(req) ?? address} ${routeOf(req).endpoint}`
      }

      const admitAnyone = (req: IncomingMessage, res: AnswerHeaders): Effect.Effect<void, Failure> => count(req, res, undefined)

      return {
        identify,
        admitAnyone,
        check: (req) => Effect.flatMap(identify(req), (who) => allowed(req, who)),
        admit: (req, res) =>
          Effect.matchEffect(identify(req), {
            // Whoever tries keys is counted by address.
            onFailure: (failure) => Effect.zipRight(admitAnyone(req, res), Effect.fail(failure)),
            onSuccess: (who) => Effect.zipRight(count(req, res, who), allowed(req, who)),
          }),
      }
    }),
  )
}

/** The key that a token belongs to, if it is a good one. Looked up by id; the secret is compared in constant time. */
const goodKey = (find: (id: string) => KeyRow | undefined, token: string): KeyRow | undefined => {
  const [, id, secret] = keyForm.exec(token) ?? []
  if (id === undefined || secret === undefined) return undefined
  const key = find(id)
  if (key === undefined || key.revoked_at !== null) return undefined
  return isSecret(secret, key.secretHash) ? key : undefined
}

/** What its scopes grant, as far as its user may do it now. */
const keyPermissions = ({ scopes }: KeyRow, { role }: UserRow): ReadonlySet<Permission> =>
  new Set(scopes.flatMap((scope) => [...scopePermissions[scope]].filter((permission) => rolePermissions[role].has(permission))))

const sitesOf = ({ role, sites }: UserRow): ReadonlySet<string> | undefined => (role === "deployer" ? new Set(sites) : undefined)

const keySites = (key: KeyRow, user: UserRow): ReadonlySet<string> | undefined => {
  const theirs = sitesOf(user)
  if (key.sites === null) return theirs
  return new Set(theirs === undefined ? key.sites : key.sites.filter((site) => theirs.has(site)))
}

/** The same as an error of a command. */
export const noLonger = (failure: Failure | undefined): NoLongerAllowed | undefined => {
  if (failure === undefined) return undefined
  const { code, message, details } = failure
  return new NoLongerAllowed({ code, message, status: statusOf(failure), ...(details === undefined ? {} : { details }) })
}

/** Why the policy does not let them. */
const refusalOf = (req: IncomingMessage, who: Principal): Failure | undefined => {
  const route = routeOf(req)
  const rule = route.endpoint === undefined ? undefined : policy[route.endpoint]
  // What has no row is nobody's.
  if (route.endpoint === undefined || rule === undefined)
    return refusal("FORBIDDEN", "This endpoint is in no policy, so nobody may use it.")
  if (rule.needs === "public") return undefined
  if (rule.ownKey === true && who.key !== undefined && route.params["id"] === who.key) return undefined
  const part = rule.part?.(queryOf(req))
  if (part !== undefined) return may(who, part.needs, part.site) || may(who, rule.needs) ? undefined : forbidden(who, part.needs, part.site)
  const site = rule.site === "path" ? route.params["site"] : rule.site === "query" ? siteInQuery(req) : undefined
  return may(who, rule.needs, site) ? undefined : forbidden(who, rule.needs, site)
}

const siteInQuery = (req: IncomingMessage): string => queryOf(req).get("site_id") ?? ""

/** Refuses what this one may not do, in words that say what is missing. */
export const forbidden = (who: Principal, needs: Permission, site: string | undefined): Failure => {
  if (who.permissions.has(needs) && who.sites !== undefined) {
    const theirs = who.sites.size === 0 ? "no sites" : [...who.sites].slice(0, 20).join(", ")
    const what =
      site === undefined ? "This concerns the whole server, and you have" : `${JSON.stringify(site.slice(0, 63))} is not yours: you have`
    return refusal("FORBIDDEN", `${what} ${theirs}.`)
  }
  if (who.via !== "key") return refusal("FORBIDDEN", `The role ${who.role} does not allow this (${needs}).`)
  if (needs === "account") return refusal("FORBIDDEN", "This is for a person who is logged in, not for an API key.")
  const scopes = Object.entries(scopePermissions).flatMap(([scope, granted]) => (granted.has(needs) ? [scope as Scope] : []))
  const isTheirs = rolePermissions[who.role].has(needs)
  return refusal(
    "FORBIDDEN",
    isTheirs
      ? `This key has no scope for it: it needs ${scopes.join(" or ")}.`
      : `The key's user has the role ${who.role}, which does not allow this.`,
  )
}

const readInTwoWays = refusal("BAD_REQUEST", "This address can be read in two ways. Encode what is special in it.")
const missing = refusal(
  "UNAUTHORIZED",
  "Authentication required: log in, or send `Authorization: Bearer <key>`. `fazt keys create --name <name>` makes a key.",
)
const invalidKey = refusal("INVALID_API_KEY", "This API key does not exist or has been revoked.")
const ended = refusal("SESSION_EXPIRED", "This session has ended. Log in again.")
const tooOften = (seconds: number): Failure =>
  refusal("RATE_LIMIT_EXCEEDED", `Too many requests in a minute. Try again in ${seconds} s.`, { retry_after: seconds })
const expiredKey = ({ name, expires_at }: KeyRow): Failure =>
  refusal("INVALID_API_KEY", `The key "${name}" was good until ${new Date(expires_at!).toISOString()}.`)

type Admit<A> = (req: IncomingMessage, res: ServerResponse) => Effect.Effect<A, Failure>

/** Lets a request through to the endpoint that the policy was asked about, and to no other that the framework's router may have found. */
const atItsEndpoint = <A>(admit: Admit<A>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { route } = yield* HttpRouter.RouteContext
    const req = NodeHttpServerRequest.toIncomingMessage(request)
    if (`${route.method} ${route.path}` !== routeOf(req).endpoint) return yield* Effect.fail(readInTwoWays)
    return yield* admit(req, NodeHttpServerRequest.toServerResponse(request))
  })

/** Reads the body, which the framework keeps for the handler; says whether there is one that the handler does not read by itself. */
const readBody = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { body } = policy[routeOf(NodeHttpServerRequest.toIncomingMessage(request)).endpoint!]!
  if (body === "itself" || !HttpMethod.hasBody(request.method)) return false
  const text = yield* Effect.mapError(request.text, (error) => bodyFailure(error.cause))
  const problem = depthProblem(text)
  return problem === undefined ? true : yield* Effect.fail(problem)
})

/** A body may come slowly: whose rights are taken away meanwhile is told so. */
const onceMoreBehindTheBody = (check: (req: IncomingMessage) => Effect.Effect<Principal, Failure>) => (who: Principal) =>
  Effect.gen(function* () {
    if (!(yield* readBody)) return who
    return yield* check(NodeHttpServerRequest.toIncomingMessage(yield* HttpServerRequest.HttpServerRequest))
  })

/** What the contract's two kinds of endpoints ask of each request. */
export const authLayer = Layer.mergeAll(
  Layer.effect(
    Authorization,
    // The framework's own bearer scheme would hand over whatever stands behind the seventh character of the header.
    Effect.map(Authentication, ({ admit, check }) => Effect.flatMap(atItsEndpoint(admit), onceMoreBehindTheBody(check))),
  ),
  Layer.effect(
    Anyone,
    Effect.map(Authentication, ({ admitAnyone }) => Effect.zipRight(atItsEndpoint(admitAnyone), Effect.asVoid(readBody))),
  ),
)
