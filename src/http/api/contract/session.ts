import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Role } from "../../../events/accounts.ts"
import { Data, Failure } from "../envelope.ts"
import { Anyone } from "./authorization.ts"
import { exactly, Message, SecretText, Time } from "./common.ts"

/** Who is logged in. `sites`: those that a deployer has; `null` for all. */
export const Me = Schema.Struct({
  id: Schema.String,
  username: Schema.String,
  role: Role,
  sites: Schema.NullOr(Schema.Array(Schema.String)),
}).annotations({ identifier: "Me" })
export type Me = typeof Me.Type

const LoggedIn = Data(Schema.Struct({ message: Schema.String, user: Me, expires_at: Time }))

/** `remember_me`: the session lasts for weeks, else for a day. `code`: of the authenticator app, or a recovery code, where one is needed. */
const Login = Schema.Struct({
  username: Schema.String.pipe(Schema.maxLength(256)),
  password: SecretText,
  remember_me: Schema.optional(Schema.Boolean),
  code: Schema.optional(SecretText),
}).annotations({ identifier: "Login" })
export type Login = typeof Login.Type

const Status = Data(
  Schema.Struct({
    authenticated: Schema.Boolean,
    username: Schema.optional(Schema.String),
    /** When the session ends if it goes on being used, in the form that Fazt 0.9 named it. */
    expiresAt: Schema.optional(Time),
    user: Schema.optional(Me),
  }),
)

/** What the browser's authenticator is asked, or says: as WebAuthn's JSON forms have it (W3C Web Authentication Level 3, 5.1). */
export const WebAuthnJson = Schema.Record({ key: Schema.String, value: Schema.Unknown }).annotations({ identifier: "WebAuthnJson" })

const Invitation = Schema.Struct({ role: Role, sites: Schema.Array(Schema.String), expires_at: Time })
const Joining = Schema.Struct({ username: Schema.String.pipe(Schema.maxLength(256)), password: SecretText })

const code = HttpApiSchema.param("code", Schema.String)

/**
 * Logging in and out, and joining by invitation. A login is refused in the same words and the same time whether the name or the password is
 * wrong. Where a second factor is on, a login without `code` gives 401 `SECOND_FACTOR_REQUIRED`. After too many failures: 429, with `Retry-After`.
 */
export class SessionGroup extends HttpApiGroup.make("session")
  .add(
    HttpApiEndpoint.post("login", "/login")
      .setPayload(Login)
      .addSuccess(LoggedIn)
      .annotate(OpenApi.Summary, "Log in")
      .annotate(
        OpenApi.Description,
        "The answer's cookie is the session. It is refused in the same words and the same time whether the name or the password is wrong. Where a second factor is on, a login without `code` gives 401 `SECOND_FACTOR_REQUIRED`. After too many failures: 429, with `Retry-After`.",
      ),
  )
  .add(
    HttpApiEndpoint.post("logout", "/logout")
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Log out")
      .annotate(OpenApi.Description, "Ends the session and takes the cookie away."),
  )
  .add(
    HttpApiEndpoint.post("passkeyOptions", "/login/passkey/options")
      .addSuccess(Data(WebAuthnJson))
      .annotate(OpenApi.Summary, "Begin to log in with a passkey")
      .annotate(OpenApi.Description, "Gives what `navigator.credentials.get()` is called with."),
  )
  .add(
    HttpApiEndpoint.post("passkeyLogin", "/login/passkey")
      .setPayload(exactly(Schema.Struct({ response: WebAuthnJson, remember_me: Schema.optional(Schema.Boolean) })))
      .addSuccess(LoggedIn)
      .annotate(OpenApi.Summary, "Log in with a passkey")
      .annotate(OpenApi.Description, "`response` is what `navigator.credentials.get()` gave."),
  )
  .add(HttpApiEndpoint.get("status", "/auth/status").addSuccess(Status).annotate(OpenApi.Summary, "Who is logged in"))
  .add(
    HttpApiEndpoint.get("authSession", "/auth/session")
      .addSuccess(Status)
      .annotate(OpenApi.Summary, "Who is logged in, by its later name")
      .annotate(OpenApi.Description, "Also at `/auth/session`."),
  )
  .add(
    HttpApiEndpoint.post("authLogin", "/auth/login")
      .setPayload(Login)
      .addSuccess(LoggedIn)
      .annotate(OpenApi.Summary, "Log in, by its later name")
      .annotate(OpenApi.Description, "Also at `/auth/login`."),
  )
  .add(
    HttpApiEndpoint.post("authLogout", "/auth/logout")
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Log out, by its later name")
      .annotate(OpenApi.Description, "Also at `/auth/logout`."),
  )
  .add(
    HttpApiEndpoint.get("invitation")`/auth/invite/${code}`
      .addSuccess(Data(Invitation))
      .annotate(OpenApi.Summary, "What an invitation is for"),
  )
  .add(
    HttpApiEndpoint.post("join")`/auth/invite/${code}`
      .setPayload(Joining)
      .addSuccess(LoggedIn, { status: 201 })
      .annotate(OpenApi.Summary, "Take up an invitation")
      .annotate(OpenApi.Description, "Once: makes the account and logs it in."),
  )
  .middleware(Anyone)
  .addError(Failure)
  .annotate(OpenApi.Description, "Logging in and out, and joining by invitation.") {}
