import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { LoginMethod } from "../../../events/sessions.ts"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, exactly, Limit, Message, Offset, SecretText, Time } from "./common.ts"
import { Me, WebAuthnJson } from "./session.ts"

const Account = Schema.Struct({
  ...Me.fields,
  /** The server's release, where Fazt 0.9 had it. */
  version: Schema.String,
  totp: Schema.Boolean,
  /** Recovery codes that are left. */
  recovery_codes: Count,
  passkeys: Count,
  last_login_at: Schema.NullOr(Time),
  /** Attempts to log in that failed between the login before this session and its own, without those that were throttled. */
  failed_logins: Count,
}).annotations({ identifier: "Account" })

export const SessionView = Schema.Struct({
  id: Schema.String,
  /** Whether it is the one that asks. */
  current: Schema.Boolean,
  method: LoginMethod,
  address: Schema.NullOr(Schema.String),
  agent: Schema.NullOr(Schema.String),
  started_at: Time,
  /** To within the hour. */
  last_seen_at: Time,
  expires_at: Time,
}).annotations({ identifier: "Session" })
export type SessionView = typeof SessionView.Type

export const Passkey = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  created_at: Time,
  last_used_at: Schema.NullOr(Time),
}).annotations({ identifier: "Passkey" })
export type Passkey = typeof Passkey.Type

/** Whoever changes how they log in says who they are once more. */
const WithPassword = Schema.Struct({ password: SecretText })
const RecoveryCodes = Data(Schema.Struct({ recovery_codes: Schema.Array(Schema.String) }))

const id = HttpApiSchema.param("id", Schema.String)

/** One's own account, for whoever is logged in. Keys have no account. */
export class AccountGroup extends HttpApiGroup.make("account")
  .add(HttpApiEndpoint.get("me", "/user/me").addSuccess(Data(Account)).annotate(OpenApi.Summary, "One's own account"))
  .add(
    HttpApiEndpoint.post("changePassword", "/user/password")
      .setPayload(exactly(Schema.Struct({ password: SecretText, new_password: SecretText })))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Change one's password")
      .annotate(OpenApi.Description, "Ends every session of the account; the answer's cookie begins a new one."),
  )
  .add(
    HttpApiEndpoint.get("sessions", "/user/sessions")
      .setUrlParams(exactly(Schema.Struct({ limit: Limit(1000, 100), offset: Offset })))
      .addSuccess(List(SessionView))
      .annotate(OpenApi.Summary, "One's sessions"),
  )
  .add(
    HttpApiEndpoint.del("endSessions", "/user/sessions")
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "End one's other sessions")
      .annotate(OpenApi.Description, "All but the one that asks."),
  )
  .add(HttpApiEndpoint.del("endSession")`/user/sessions/${id}`.addSuccess(Message).annotate(OpenApi.Summary, "End one of one's sessions"))
  .add(
    HttpApiEndpoint.post("beginTotp", "/user/totp")
      .setPayload(exactly(WithPassword))
      .addSuccess(Data(Schema.Struct({ secret: Schema.String, uri: Schema.String })))
      .annotate(OpenApi.Summary, "Begin to set up an authenticator app")
      .annotate(OpenApi.Description, "Nothing holds before it is confirmed, which has to happen within ten minutes."),
  )
  .add(
    HttpApiEndpoint.post("confirmTotp", "/user/totp/confirm")
      .setPayload(exactly(Schema.Struct({ code: SecretText })))
      .addSuccess(RecoveryCodes)
      .annotate(OpenApi.Summary, "Confirm the authenticator app")
      .annotate(OpenApi.Description, "Shows the recovery codes this once."),
  )
  .add(
    HttpApiEndpoint.post("disableTotp", "/user/totp/disable")
      .setPayload(exactly(WithPassword))
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Do without the authenticator app"),
  )
  .add(
    HttpApiEndpoint.post("renewRecoveryCodes", "/user/recovery-codes")
      .setPayload(exactly(WithPassword))
      .addSuccess(RecoveryCodes)
      .annotate(OpenApi.Summary, "Make new recovery codes")
      .annotate(OpenApi.Description, "Shows them this once; the old ones are no good any more."),
  )
  .add(
    HttpApiEndpoint.get("passkeys", "/user/passkeys")
      .setUrlParams(exactly(Schema.Struct({ limit: Limit(1000, 100), offset: Offset })))
      .addSuccess(List(Passkey))
      .annotate(OpenApi.Summary, "One's passkeys"),
  )
  .add(
    HttpApiEndpoint.post("passkeyOptions", "/user/passkeys/options")
      .setPayload(exactly(WithPassword))
      .addSuccess(Data(WebAuthnJson))
      .annotate(OpenApi.Summary, "Begin to add a passkey")
      .annotate(OpenApi.Description, "Gives what `navigator.credentials.create()` is called with."),
  )
  .add(
    HttpApiEndpoint.post("addPasskey", "/user/passkeys")
      .setPayload(exactly(Schema.Struct({ name: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)), response: WebAuthnJson })))
      .addSuccess(Data(Passkey), { status: 201 })
      .annotate(OpenApi.Summary, "Add a passkey")
      .annotate(OpenApi.Description, "`response` is what `navigator.credentials.create()` gave."),
  )
  .add(HttpApiEndpoint.del("removePasskey")`/user/passkeys/${id}`.addSuccess(Message).annotate(OpenApi.Summary, "Remove a passkey"))
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "One's own account, for whoever is logged in. Keys have no account.") {}
