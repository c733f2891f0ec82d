import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { LoginMethod } from "../../../events/sessions.ts"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Limit, Message, Offset, SecretText, Time } from "./common.ts"
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
  .add(HttpApiEndpoint.get("me", "/user/me").addSuccess(Data(Account)))
  /** Ends every session of the account; the answer's cookie begins a new one. */
  .add(
    HttpApiEndpoint.post("changePassword", "/user/password")
      .setPayload(Schema.Struct({ password: SecretText, new_password: SecretText }))
      .addSuccess(Message),
  )
  .add(
    HttpApiEndpoint.get("sessions", "/user/sessions")
      .setUrlParams(Schema.Struct({ limit: Limit(1000, 100), offset: Offset }))
      .addSuccess(List(SessionView)),
  )
  /** Ends all but the one that asks. */
  .add(HttpApiEndpoint.del("endSessions", "/user/sessions").addSuccess(Message))
  .add(HttpApiEndpoint.del("endSession")`/user/sessions/${id}`.addSuccess(Message))
  /** Begins to set up an authenticator app: nothing holds before it is confirmed, which has to happen within ten minutes. */
  .add(
    HttpApiEndpoint.post("beginTotp", "/user/totp")
      .setPayload(WithPassword)
      .addSuccess(Data(Schema.Struct({ secret: Schema.String, uri: Schema.String }))),
  )
  /** Shows the recovery codes this once. */
  .add(
    HttpApiEndpoint.post("confirmTotp", "/user/totp/confirm")
      .setPayload(Schema.Struct({ code: SecretText }))
      .addSuccess(RecoveryCodes),
  )
  .add(HttpApiEndpoint.post("disableTotp", "/user/totp/disable").setPayload(WithPassword).addSuccess(Message))
  .add(HttpApiEndpoint.post("renewRecoveryCodes", "/user/recovery-codes").setPayload(WithPassword).addSuccess(RecoveryCodes))
  .add(
    HttpApiEndpoint.get("passkeys", "/user/passkeys")
      .setUrlParams(Schema.Struct({ limit: Limit(1000, 100), offset: Offset }))
      .addSuccess(List(Passkey)),
  )
  .add(HttpApiEndpoint.post("passkeyOptions", "/user/passkeys/options").setPayload(WithPassword).addSuccess(Data(WebAuthnJson)))
  .add(
    HttpApiEndpoint.post("addPasskey", "/user/passkeys")
      .setPayload(Schema.Struct({ name: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)), response: WebAuthnJson }))
      .addSuccess(Data(Passkey), { status: 201 }),
  )
  .add(HttpApiEndpoint.del("removePasskey")`/user/passkeys/${id}`.addSuccess(Message))
  .middleware(Authorization)
  .addError(Failure) {}
