import * as Cookies from "@effect/platform/Cookies"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { type Server, serverOf } from "./client.ts"
import { askedCode, type CredentialOptions, passwordOf, usernameOf } from "./credentials.ts"
import { note } from "./output.ts"
import { problemOf } from "./problem.ts"
import { isExposed } from "./target.ts"
import { remote } from "./transport.ts"

/**
 * Logs a person in at a server for as long as the scope lasts, and out again. Gives the server as that person reaches it, with the
 * password, which changes to an account ask for once more.
 */
export const logIn = (url: string, options: CredentialOptions) =>
  Effect.gen(function* () {
    yield* warnIfExposed(url)
    const username = yield* usernameOf(options)
    const password = yield* passwordOf(options)
    const server = yield* serverWithCookies(url)
    const attempt = (code: Option.Option<string>) =>
      server.api.session.login({ payload: { username, password, ...(Option.isSome(code) ? { code: code.value } : {}) } })
    const { data } = yield* attempt(Option.map(options.code, Redacted.value)).pipe(
      Effect.catchTag("Unauthorized", (refused) =>
        refused.code === "SECOND_FACTOR_REQUIRED"
          ? Effect.flatMap(askedCode, (code) => attempt(Option.some(code.trim())))
          : Effect.fail(refused),
      ),
    )
    yield* logOutAtTheEnd(server)
    return { server, user: data.user, password }
  })

/** What an invitation is for; `code` as it stands in its link. Fails where it is not good any more, before anybody is asked for anything. */
export const invitationAt = (url: string, code: string) =>
  Effect.gen(function* () {
    const { api } = yield* serverWithCookies(url)
    return (yield* api.session.invitation({ path: { code } })).data
  })

/** Takes up an invitation: makes the account, and logs it in for as long as the scope lasts. */
export const takeUp = (url: string, code: string, account: { readonly username: string; readonly password: string }) =>
  Effect.gen(function* () {
    const server = yield* serverWithCookies(url)
    const { data } = yield* server.api.session.join({ path: { code }, payload: account })
    yield* logOutAtTheEnd(server)
    return { server, user: data.user }
  })

export const warnIfExposed = (url: string) => (isExposed(url) ? note(`warning: the password travels unencrypted to ${url}`) : Effect.void)

/** A server whose cookies are held in memory and nowhere else. */
const serverWithCookies = (url: string) =>
  Effect.gen(function* () {
    const cookies = yield* Ref.make(Cookies.empty)
    return serverOf(HttpClient.withCookiesRef(yield* remote(url, Option.none()), cookies))
  })

const logOutAtTheEnd = ({ api }: Server) =>
  Effect.addFinalizer(() =>
    Effect.catchAll(api.session.logout({}), (error) =>
      note(`warning: the session could not be ended, and ends by itself within a day: ${problemOf(error).message}`),
    ),
  )
