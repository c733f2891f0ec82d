import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Role } from "../../../events/accounts.ts"
import { SiteName } from "../../../events/site.ts"
import { Data, Failure, List } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { exactly, Limit, Message, Offset, SecretText, Time } from "./common.ts"

export const User = Schema.Struct({
  id: Schema.String,
  username: Schema.String,
  role: Role,
  /** The sites that a deployer has; empty for other roles. */
  sites: Schema.Array(Schema.String),
  totp: Schema.Boolean,
  passkeys: Schema.Int,
  /** Who invited them: a user's id; `null` for whoever enrolled with the cartridge. */
  invited_by: Schema.NullOr(Schema.String),
  created_at: Time,
  last_login: Schema.NullOr(Time),
}).annotations({ identifier: "User" })
export type User = typeof User.Type

export const Invitation = Schema.Struct({
  id: Schema.String,
  role: Role,
  sites: Schema.Array(Schema.String),
  note: Schema.NullOr(Schema.String),
  created_by: Schema.String,
  created_at: Time,
  expires_at: Time,
}).annotations({ identifier: "Invitation" })
export type Invitation = typeof Invitation.Type

/** `code` and `url`, which holds it, are shown this once. */
const NewInvitation = Schema.Struct({ ...Invitation.fields, code: Schema.String, url: Schema.String })

const id = HttpApiSchema.param("id", Schema.String)
const sites = Schema.optional(Schema.Array(SiteName).pipe(Schema.maxItems(1000)))
const paged = Schema.Struct({ limit: Limit(1000, 100), offset: Offset })

/**
 * Users and invitations. Owners manage everybody; admins everybody but owners, and nobody becomes an owner through them. What changes takes
 * effect at once: a user whose role changes is logged out, and their keys may no more than they do.
 */
export class UsersGroup extends HttpApiGroup.make("users")
  .add(HttpApiEndpoint.get("list", "/users").setUrlParams(exactly(paged)).addSuccess(List(User)).annotate(OpenApi.Summary, "Users"))
  .add(HttpApiEndpoint.get("get")`/users/${id}`.addSuccess(Data(User)).annotate(OpenApi.Summary, "One user"))
  .add(
    HttpApiEndpoint.patch("update")`/users/${id}`
      .setPayload(exactly(Schema.Struct({ role: Role, sites })))
      .addSuccess(Data(User))
      .annotate(OpenApi.Summary, "Change a user's role or sites")
      .annotate(OpenApi.Description, "The user is logged out, and their keys may no more than they do."),
  )
  .add(
    HttpApiEndpoint.post("setRole", "/users/role")
      .setPayload(Schema.Struct({ user_id: Schema.optional(Schema.String), username: Schema.optional(Schema.String), role: Role, sites }))
      .addSuccess(Data(User))
      .annotate(OpenApi.Summary, "Change a user's role, by its later name")
      .annotate(OpenApi.Description, "`user_id` or `username` says whose."),
  )
  .add(HttpApiEndpoint.del("remove")`/users/${id}`.addSuccess(Message).annotate(OpenApi.Summary, "Remove a user"))
  .add(
    HttpApiEndpoint.post("resetPassword")`/users/${id}/password`
      .setPayload(exactly(Schema.Struct({ password: Schema.optional(SecretText) })))
      .addSuccess(Data(Schema.Struct({ message: Schema.String, password: Schema.optional(Schema.String) })))
      .annotate(OpenApi.Summary, "Give a user a new password")
      .annotate(OpenApi.Description, "Without one, one is made up and shown this once."),
  )
  .add(
    HttpApiEndpoint.del("resetFactors")`/users/${id}/factors`
      .addSuccess(Message)
      .annotate(OpenApi.Summary, "Take a user's second factors away")
      .annotate(OpenApi.Description, "The authenticator app and every passkey, of somebody who has lost them."),
  )
  .add(HttpApiEndpoint.del("endSessions")`/users/${id}/sessions`.addSuccess(Message).annotate(OpenApi.Summary, "Log a user out everywhere"))
  .add(
    HttpApiEndpoint.get("invitations", "/invitations")
      .setUrlParams(exactly(paged))
      .addSuccess(List(Invitation))
      .annotate(OpenApi.Summary, "Open invitations"),
  )
  .add(
    HttpApiEndpoint.post("invite", "/invitations")
      .setPayload(
        exactly(
          Schema.Struct({
            role: Role,
            sites,
            note: Schema.optional(Schema.String.pipe(Schema.maxLength(200))),
            /** Hours; a week without it. */
            expires_in_hours: Schema.optional(Schema.Int.pipe(Schema.between(1, 24 * 30))),
          }),
        ),
      )
      .addSuccess(Data(NewInvitation), { status: 201 })
      .annotate(OpenApi.Summary, "Invite somebody")
      .annotate(OpenApi.Description, "`code` and `url`, which holds it, are shown this once."),
  )
  .add(HttpApiEndpoint.del("revokeInvitation")`/invitations/${id}`.addSuccess(Message).annotate(OpenApi.Summary, "Take an invitation back"))
  .middleware(Authorization)
  .addError(Failure)
  .annotate(
    OpenApi.Description,
    "Users and invitations. Owners manage everybody; admins everybody but owners, and nobody becomes an owner through them. What changes takes effect at once.",
  ) {}
