import * as Cookies from "@effect/platform/Cookies"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { makeServer } from "./client.ts"
import { askedCode, type CredentialOptions, passwordOf, usernameOf } from "./credentials.ts"
import { note } from "./output.ts"
import { problemOf } from "./problem.ts"
import { isExposed } from "./target.ts"
import { remote } from "./transport.ts"

/**
 * Logs a person in at a server for as long as the scope lasts, and out again. The session's cookie is held in memory and nowhere else.
 * Gives the server as that person reaches it, with the password, which changes to an account ask for once more.
 */
export const logIn = (url: string, options: CredentialOptions) =>
  Effect.gen(function* () {
    if (isExposed(url)) yield* note(`warning: the password travels unencrypted to ${url}`)
    const username = yield* usernameOf(options)
    const password = yield* passwordOf(options)
    const cookies = yield* Ref.make(Cookies.empty)
    const server = yield* makeServer(HttpClient.withCookiesRef(yield* remote(url, Option.none()), cookies))
    const attempt = (code: Option.Option<string>) =>
      server.api.session.login({ payload: { username, password, ...(Option.isSome(code) ? { code: code.value } : {}) } })
    const { data } = yield* attempt(Option.map(options.code, Redacted.value)).pipe(
      Effect.catchTag("Unauthorized", (refused) =>
        refused.code === "SECOND_FACTOR_REQUIRED"
          ? Effect.flatMap(askedCode, (code) => attempt(Option.some(code.trim())))
          : Effect.fail(refused),
      ),
    )
    yield* Effect.addFinalizer(() =>
      Effect.catchAll(server.api.session.logout({}), (error) =>
        note(`warning: the session could not be ended, and ends by itself within a day: ${problemOf(error).message}`),
      ),
    )
    return { server, user: data.user, password }
  })
