import type { IncomingMessage } from "node:http"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import { accessQueries, type UserRow } from "../../projections/access.ts"
import { Cookies } from "../accounts/Cookies.ts"
import { Joining } from "../accounts/Joining.ts"
import { type LoggedIn, Logins } from "../accounts/Logins.ts"
import { Sessions } from "../accounts/Sessions.ts"
import { Reads } from "../Reads.ts"
import { Api } from "./Api.ts"
import { actorOf } from "./actor.ts"
import { Authentication } from "./auth.ts"
import type { Login, Me } from "./contract/session.ts"
import { refuse } from "./failures.ts"
import { requestId } from "./requestId.ts"
import { time } from "./views.ts"

export const meView = ({ user, username, role, sites }: UserRow): Me => ({
  id: user,
  username,
  role,
  sites: role === "deployer" ? sites : null,
})

/** Logging in and out, joining by invitation. Everything here is open to everybody, so each handler checks what it is given. */
export const sessionLayer = HttpApiBuilder.group(Api, "session", (handlers) =>
  Effect.gen(function* () {
    const authentication = yield* Authentication
    const commands = yield* Commands
    const cookies = yield* Cookies
    const joining = yield* Joining
    const logins = yield* Logins
    const sessions = yield* Sessions
    const { db } = yield* Reads
    const read = accessQueries(db)

    const answer = (request: HttpServerRequest.HttpServerRequest, { user, session }: LoggedIn) => {
      cookies.give(request, session)
      return { data: { message: "Login successful", user: meView(user), expires_at: time(session.expires) } }
    }

    const login = ({ request, payload }: { readonly request: HttpServerRequest.HttpServerRequest; readonly payload: Login }) => {
      const { username, password, code, remember_me: remembered = false } = payload
      return logins.withPassword(NodeHttpServerRequest.toIncomingMessage(request), { username, password, code, remembered }).pipe(
        Effect.map((loggedIn) => answer(request, loggedIn)),
        refuse,
      )
    }

    const logout = ({ request }: { readonly request: HttpServerRequest.HttpServerRequest }) =>
      Effect.gen(function* () {
        const req = NodeHttpServerRequest.toIncomingMessage(request)
        const found = sessions.find(req, yield* Effect.clockWith((clock) => clock.currentTimeMillis))
        if (typeof found !== "string") {
          const asker = { actor: actorOf(found.user.user), cause: requestId(req) }
          yield* commands.handle({ _tag: "EndSession", session: found.session.session, reason: "logout" }, asker)
        }
        cookies.take(request)
        return { data: { message: "Logged out successfully" } }
      }).pipe(refuse)

    const status = (req: IncomingMessage) =>
      Effect.match(authentication.identify(req), {
        onFailure: () => ({ data: { authenticated: false } }),
        onSuccess: (who) => {
          const user = read.user(who.user)!
          const session = who.session === undefined ? undefined : read.session(who.session)
          const expires =
            session === undefined ? {} : { expiresAt: time(Math.min(session.expires_at, session.last_seen_at + session.idle)) }
          return { data: { authenticated: true, username: user.username, ...expires, user: meView(user) } }
        },
      })

    return handlers
      .handle("login", login)
      .handle("authLogin", login)
      .handle("logout", logout)
      .handle("authLogout", logout)
      .handle("status", ({ request }) => status(NodeHttpServerRequest.toIncomingMessage(request)))
      .handle("authSession", ({ request }) => status(NodeHttpServerRequest.toIncomingMessage(request)))
      .handle("passkeyOptions", ({ request }) =>
        Effect.flatMap(logins.party(NodeHttpServerRequest.toIncomingMessage(request)), (party) =>
          Effect.promise(async () => ({ data: { ...(await logins.passkeys.authenticationOptions({ party })) } })),
        ),
      )
      .handle("passkeyLogin", ({ request, payload: { response, remember_me: remembered = false } }) =>
        logins.withPasskey(NodeHttpServerRequest.toIncomingMessage(request), { response, remembered }).pipe(
          Effect.map((loggedIn) => answer(request, loggedIn)),
          refuse,
        ),
      )
      .handle("invitation", ({ path: { code } }) =>
        Effect.map(joining.find(code), ({ role, sites, expires_at }) => ({ data: { role, sites, expires_at: time(expires_at) } })).pipe(
          refuse,
        ),
      )
      .handle("join", ({ request, path: { code }, payload: { username, password } }) =>
        joining.accept(NodeHttpServerRequest.toIncomingMessage(request), { code, username, password }).pipe(
          Effect.map((loggedIn) => answer(request, loggedIn)),
          refuse,
        ),
      )
  }),
)
