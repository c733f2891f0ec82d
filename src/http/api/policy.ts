import type * as Either from "effect/Either"
import type { NoLongerAllowed } from "../../commands/Commands.ts"
import type { Role } from "../../events/accounts.ts"
import type { Scope } from "../../events/keys.ts"
import type { Failure } from "./envelope.ts"

/** What can be allowed. Each endpoint needs one of these; roles and key scopes each grant some. */
export type Permission =
  /** Sites, deploys, files, differences. */
  | "sites.read"
  /** Making sites, uploading, publishing, rolling back. */
  | "sites.deploy"
  /** Deleting sites and bringing them back; their settings. */
  | "sites.manage"
  | "logs.read"
  /** Names of variables; values are never told. */
  | "env.read"
  | "env.write"
  /** Keys, documents and objects that sites have stored. */
  | "data.read"
  | "data.write"
  /** How the server is. */
  | "server.read"
  /** Settings and projections. */
  | "server.manage"
  | "audit.read"
  | "metrics.read"
  /** One's own API keys. */
  | "keys.own"
  /** Users, invitations, everybody's keys. */
  | "users.manage"
  /** One's own password, sessions and factors: for a person who is logged in, never for a key. */
  | "account"

const everything: ReadonlySet<Permission> = new Set<Permission>([
  "sites.read",
  "sites.deploy",
  "sites.manage",
  "logs.read",
  "env.read",
  "env.write",
  "data.read",
  "data.write",
  "server.read",
  "server.manage",
  "audit.read",
  "metrics.read",
  "keys.own",
  "users.manage",
  "account",
])

/**
 * What each role may do. Owners and admins differ in whom they may manage, which `commands/accounts.ts` decides. A deployer may it on the
 * sites that are named in their account.
 */
export const rolePermissions: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  owner: everything,
  admin: everything,
  deployer: new Set<Permission>([
    "sites.read",
    "sites.deploy",
    "logs.read",
    "env.read",
    "env.write",
    "data.read",
    "data.write",
    "server.read",
    "keys.own",
    "account",
  ]),
  viewer: new Set<Permission>(["sites.read", "logs.read", "server.read", "account"]),
}

/** What each scope lets a key do, as far as its user may do it too. */
export const scopePermissions: Readonly<Record<Scope, ReadonlySet<Permission>>> = {
  read: new Set<Permission>(["sites.read", "server.read"]),
  deploy: new Set<Permission>(["sites.read", "server.read", "sites.deploy", "logs.read", "env.read"]),
  logs: new Set<Permission>(["logs.read"]),
  env: new Set<Permission>(["env.read", "env.write"]),
  kv: new Set<Permission>(["data.read", "data.write"]),
  audit: new Set<Permission>(["audit.read"]),
  metrics: new Set<Permission>(["metrics.read"]),
  admin: new Set([...everything].filter((permission) => permission !== "account")),
}

/** Permissions for which it matters which site is meant. */
const sitePermissions: ReadonlySet<Permission> = new Set<Permission>([
  "sites.read",
  "sites.deploy",
  "sites.manage",
  "logs.read",
  "env.read",
  "env.write",
  "data.read",
  "data.write",
])

/** What stands between a request and its endpoint. */
export interface Rule {
  /** `public`: no permission at all; the endpoint checks by itself what it was given. */
  readonly needs: Permission | "public"
  /**
   * Where the site's name is: in the path, in the parameter `site_id`, or known to the handler only, which then asks `reachesSite` or shows
   * what it is told. Where no site is named, whoever is limited to some sites is refused what `needs` grants on others.
   */
  readonly site?: "path" | "query" | "handler"
  /** What is enough for a request that asks, by its parameters, for some site's part of what the endpoint gives. */
  readonly part?: (query: URLSearchParams) => { readonly needs: Permission; readonly site: string } | undefined
  /** A key may have it done to itself, whatever its scopes: `:id` is the key's. */
  readonly ownKey?: boolean
  /** The largest body in bytes, where it is not `defaultBody`. `itself`: the handler reads the body, and has a limit of its own. */
  readonly body?: number | "itself"
}

export const defaultBody = 256 * 1024
const mebibyte = 1024 * 1024

const rule = (needs: Rule["needs"], more: Omit<Rule, "needs"> = {}): Rule => ({ needs, ...more })
const onSite = (needs: Permission, more: Omit<Rule, "needs" | "site"> = {}): Rule => ({ needs, site: "path", ...more })

/** A site's log is a stream of events, for whoever may read that log. */
const logOfSite: Rule["part"] = (query) => {
  const [stream = "", ...more] = query.getAll("stream")
  const site = /^logs\/([^/]+)$/.exec(stream)?.[1]
  return site === undefined || more.length > 0 ? undefined : { needs: "logs.read", site }
}

/**
 * The one table of who may do what: a row for every endpoint, by method and path pattern. A request for which there is none is refused, and a
 * test fails for an endpoint without a row.
 */
export const policy: Readonly<Record<string, Rule>> = {
  // Logging in and joining.
  "POST /api/login": rule("public"),
  "POST /api/logout": rule("public"),
  "POST /api/login/passkey/options": rule("public"),
  "POST /api/login/passkey": rule("public"),
  "GET /api/auth/status": rule("public"),
  "GET /api/auth/session": rule("public"),
  "POST /api/auth/login": rule("public"),
  "POST /api/auth/logout": rule("public"),
  "GET /api/auth/invite/:code": rule("public"),
  "POST /api/auth/invite/:code": rule("public"),

  // One's own account.
  "GET /api/user/me": rule("account"),
  "POST /api/user/password": rule("account"),
  "GET /api/user/sessions": rule("account"),
  "DELETE /api/user/sessions": rule("account"),
  "DELETE /api/user/sessions/:id": rule("account"),
  "POST /api/user/totp": rule("account"),
  "POST /api/user/totp/confirm": rule("account"),
  "POST /api/user/totp/disable": rule("account"),
  "POST /api/user/recovery-codes": rule("account"),
  "GET /api/user/passkeys": rule("account"),
  "POST /api/user/passkeys/options": rule("account"),
  "POST /api/user/passkeys": rule("account"),
  "DELETE /api/user/passkeys/:id": rule("account"),

  // Users.
  "GET /api/users": rule("users.manage"),
  "POST /api/users/role": rule("users.manage"),
  "GET /api/users/:id": rule("users.manage"),
  "PATCH /api/users/:id": rule("users.manage"),
  "DELETE /api/users/:id": rule("users.manage"),
  "POST /api/users/:id/password": rule("users.manage"),
  "DELETE /api/users/:id/factors": rule("users.manage"),
  "DELETE /api/users/:id/sessions": rule("users.manage"),
  "GET /api/invitations": rule("users.manage"),
  "POST /api/invitations": rule("users.manage"),
  "DELETE /api/invitations/:id": rule("users.manage"),

  // API keys.
  "GET /api/keys": rule("keys.own"),
  "POST /api/keys": rule("keys.own"),
  "DELETE /api/keys": rule("keys.own"),
  "GET /api/keys/:id": rule("keys.own", { ownKey: true }),
  "DELETE /api/keys/:id": rule("keys.own", { ownKey: true }),

  // Sites.
  "GET /api/sites": rule("sites.read", { site: "handler" }),
  "POST /api/sites": rule("sites.deploy", { site: "handler" }),
  "DELETE /api/sites": rule("sites.manage", { site: "query" }),
  "GET /api/sites/:site": onSite("sites.read"),
  "DELETE /api/sites/:site": onSite("sites.manage"),
  "POST /api/sites/:site/undelete": onSite("sites.manage"),
  "GET /api/sites/:site/cors": onSite("sites.read"),
  "PUT /api/sites/:site/cors": onSite("sites.manage"),
  "DELETE /api/sites/:site/cors": onSite("sites.manage"),
  "GET /api/sites/:site/files": onSite("sites.read"),
  "GET /api/sites/:site/files/*": onSite("sites.read"),
  "GET /api/sites/:site/deploys": onSite("sites.read"),
  "GET /api/sites/:site/deploys/:deploy": onSite("sites.read"),
  "GET /api/sites/:site/history": onSite("sites.read"),
  "GET /api/sites/:site/diff": onSite("sites.read"),
  "POST /api/sites/:site/deploys": onSite("sites.deploy", { body: "itself" }),
  "POST /api/sites/:site/rollback": onSite("sites.deploy"),
  "GET /api/apps": rule("sites.read", { site: "handler" }),
  "GET /api/apps/:site": onSite("sites.read"),
  "DELETE /api/apps/:site": onSite("sites.manage"),
  "GET /api/apps/:site/files": onSite("sites.read"),
  "GET /api/deployments": rule("sites.read", { site: "handler" }),
  "POST /api/deploy": rule("sites.deploy", { site: "handler", body: "itself" }),

  // Uploads: whoever publishes somewhere may upload; what is published where is another matter.
  "POST /api/blobs": rule("sites.deploy", { site: "handler", body: "itself" }),
  "POST /api/blobs/missing": rule("sites.deploy", { site: "handler", body: mebibyte }),
  "PUT /api/blobs/:hash": rule("sites.deploy", { site: "handler", body: "itself" }),

  // What sites have and keep.
  "GET /api/sites/:site/env": onSite("env.read"),
  "PATCH /api/sites/:site/env": onSite("env.write", { body: 17 * mebibyte }),
  "PUT /api/sites/:site/env/:name": onSite("env.write"),
  "DELETE /api/sites/:site/env/:name": onSite("env.write"),
  "GET /api/envvars": rule("env.read", { site: "query" }),
  "POST /api/envvars": rule("env.write", { site: "handler" }),
  "DELETE /api/envvars": rule("env.write", { site: "handler" }),
  "GET /api/sites/:site/logs": onSite("logs.read"),
  "GET /api/logs": rule("logs.read", { site: "query" }),
  "GET /api/sites/:site/kv": onSite("data.read"),
  "GET /api/sites/:site/kv/value": onSite("data.read"),
  "PUT /api/sites/:site/kv/value": onSite("data.write", { body: 16 * mebibyte }),
  "DELETE /api/sites/:site/kv/value": onSite("data.write"),
  "GET /api/sites/:site/kv/history": onSite("data.read"),
  "GET /api/sites/:site/documents": onSite("data.read"),
  "GET /api/sites/:site/documents/items": onSite("data.read"),
  "GET /api/sites/:site/documents/item": onSite("data.read"),
  "PUT /api/sites/:site/documents/item": onSite("data.write", { body: mebibyte }),
  "DELETE /api/sites/:site/documents/item": onSite("data.write"),
  "GET /api/sites/:site/documents/history": onSite("data.read"),
  "GET /api/sites/:site/objects": onSite("data.read"),
  "GET /api/sites/:site/objects/content": onSite("data.read"),
  "PUT /api/sites/:site/objects/content": onSite("data.write", { body: "itself" }),
  "DELETE /api/sites/:site/objects/content": onSite("data.write"),
  "GET /api/sites/:site/objects/history": onSite("data.read"),

  // The server.
  "GET /api/config": rule("server.manage"),
  "GET /api/config/:key": rule("server.manage"),
  "PUT /api/config/:key": rule("server.manage"),
  "DELETE /api/config/:key": rule("server.manage"),
  "GET /api/audit": rule("audit.read"),
  "GET /api/audit/verify": rule("audit.read"),
  "GET /api/events/live": rule("audit.read", { part: logOfSite }),
  "GET /api/status": rule("server.read"),
  "GET /api/system/health": rule("server.read"),
  "GET /api/system/limits": rule("server.read"),
  "GET /api/system/limits/schema": rule("server.read"),
  "GET /api/system/capacity": rule("server.read"),
  "GET /api/system/cache": rule("server.read"),
  "GET /api/system/db": rule("server.read"),
  "GET /api/system/config": rule("server.read"),
  "GET /api/projections": rule("server.manage"),
  "POST /api/projections/rebuild": rule("server.manage"),

  // Programs on the server's own machine may see the metrics without this, too.
  "GET /metrics": rule("metrics.read"),
  "GET /api/openapi.json": rule("public"),
  "GET /api/docs": rule("public"),
  "GET /api/docs/*": rule("public"),
}

/** Who makes a request, and what they may. */
export interface Principal {
  /** As events record it: `owner`, `user:<id>`, `key:<id>`. */
  readonly actor: string
  /** The request's id. */
  readonly cause: string
  /** On whose behalf: the owner at the machine itself, whoever made the key, whoever is logged in. */
  readonly user: string
  readonly role: Role
  readonly via: "local" | "key" | "session"
  readonly key: string | undefined
  readonly session: string | undefined
  readonly permissions: ReadonlySet<Permission>
  /** The only sites that they reach; all, where there is no such limit. */
  readonly sites: ReadonlySet<string> | undefined
  /** Who it is by now, if still anybody: a session may have ended, a key been revoked, a role changed since the request began. */
  readonly again: () => Either.Either<Principal, Failure>
  /** Why the policy does not let them do any more what the request is for. */
  readonly refusal: () => NoLongerAllowed | undefined
}

/** Whether it is one of the sites that the principal is limited to, if they are limited. */
export const reachesSite = ({ sites }: Pick<Principal, "sites">, site: string): boolean =>
  sites === undefined || sites.has(site.toLowerCase())

/** Whether the principal may do it on some site (or at all, where sites do not matter), or on the one that is named. */
export const may = (principal: Principal, permission: Permission, site?: string): boolean => {
  if (!principal.permissions.has(permission)) return false
  if (principal.sites === undefined) return true
  if (!sitePermissions.has(permission)) return permission === "server.read" || permission === "keys.own" || permission === "account"
  return site === undefined || reachesSite(principal, site)
}
