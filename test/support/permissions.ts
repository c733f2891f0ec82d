/**
 * Who may use which endpoint, written down a second time and apart from the program: whatever changes there has to be meant here too.
 * What each endpoint is sent is as empty as can be: whoever is let in learns that something is missing, and changes as little as possible.
 */
export const endpointsByPermission = {
  account: [
    "GET /api/user/me",
    "POST /api/user/password",
    "GET /api/user/sessions",
    "DELETE /api/user/sessions/:id",
    "POST /api/user/totp",
    "POST /api/user/totp/confirm",
    "POST /api/user/totp/disable",
    "POST /api/user/recovery-codes",
    "GET /api/user/passkeys",
    "POST /api/user/passkeys/options",
    "POST /api/user/passkeys",
    "DELETE /api/user/passkeys/:id",
    "DELETE /api/user/sessions",
  ],
  "users.manage": [
    "GET /api/users",
    "GET /api/users/:id",
    "PATCH /api/users/:id",
    "POST /api/users/role",
    "DELETE /api/users/:id",
    "POST /api/users/:id/password",
    "DELETE /api/users/:id/factors",
    "DELETE /api/users/:id/sessions",
    "GET /api/invitations",
    "POST /api/invitations",
    "DELETE /api/invitations/:id",
  ],
  "keys.own": ["GET /api/keys", "POST /api/keys", "GET /api/keys/:id", "DELETE /api/keys/:id", "DELETE /api/keys"],
  "sites.read": [
    "GET /api/sites",
    "GET /api/sites/:site",
    "GET /api/sites/:site/cors",
    "GET /api/sites/:site/deploys",
    "GET /api/sites/:site/deploys/:deploy",
    "GET /api/sites/:site/history",
    "GET /api/sites/:site/diff",
    "GET /api/sites/:site/files",
    "GET /api/sites/:site/files/*",
    "GET /api/apps",
    "GET /api/apps/:site",
    "GET /api/apps/:site/files",
    "GET /api/deployments",
  ],
  "sites.deploy": [
    "POST /api/sites",
    "POST /api/sites/:site/deploys",
    "POST /api/sites/:site/rollback",
    "POST /api/blobs/missing",
    "POST /api/blobs",
    "PUT /api/blobs/:hash",
    "POST /api/deploy",
  ],
  "sites.manage": [
    "DELETE /api/sites",
    "PUT /api/sites/:site/cors",
    "DELETE /api/sites/:site/cors",
    "DELETE /api/apps/:site",
    "DELETE /api/sites/:site",
    "POST /api/sites/:site/undelete",
  ],
  "env.read": ["GET /api/sites/:site/env", "GET /api/envvars"],
  "env.write": [
    "PATCH /api/sites/:site/env",
    "PUT /api/sites/:site/env/:name",
    "DELETE /api/sites/:site/env/:name",
    "POST /api/envvars",
    "DELETE /api/envvars",
  ],
  "logs.read": ["GET /api/sites/:site/logs", "GET /api/logs"],
  "data.read": [
    "GET /api/sites/:site/kv",
    "GET /api/sites/:site/kv/value",
    "GET /api/sites/:site/kv/history",
    "GET /api/sites/:site/documents",
    "GET /api/sites/:site/documents/items",
    "GET /api/sites/:site/documents/item",
    "GET /api/sites/:site/documents/history",
    "GET /api/sites/:site/objects",
    "GET /api/sites/:site/objects/content",
    "GET /api/sites/:site/objects/history",
  ],
  "data.write": [
    "PUT /api/sites/:site/kv/value",
    "DELETE /api/sites/:site/kv/value",
    "PUT /api/sites/:site/documents/item",
    "DELETE /api/sites/:site/documents/item",
    "PUT /api/sites/:site/objects/content",
    "DELETE /api/sites/:site/objects/content",
  ],
  "server.read": [
    "GET /api/status",
    "GET /api/system/health",
    "GET /api/system/limits",
    "GET /api/system/limits/schema",
    "GET /api/system/capacity",
    "GET /api/system/cache",
    "GET /api/system/db",
    "GET /api/system/config",
  ],
  "server.manage": [
    "GET /api/config",
    "GET /api/config/:key",
    "PUT /api/config/:key",
    "DELETE /api/config/:key",
    "GET /api/projections",
    "POST /api/projections/rebuild",
  ],
  "audit.read": ["GET /api/audit", "GET /api/audit/verify", "GET /api/events/live"],
  "metrics.read": ["GET /metrics"],
} as const

export type Permission = keyof typeof endpointsByPermission

/** Open to everybody. */
export const publicEndpoints = [
  "POST /api/login",
  "POST /api/logout",
  "POST /api/login/passkey/options",
  "POST /api/login/passkey",
  "GET /api/auth/status",
  "GET /api/auth/session",
  "POST /api/auth/login",
  "POST /api/auth/logout",
  "GET /api/auth/invite/:code",
  "POST /api/auth/invite/:code",
  "GET /api/openapi.json",
  "GET /api/docs",
  "GET /api/docs/*",
] as const

const all = Object.keys(endpointsByPermission) as ReadonlyArray<Permission>

/** Those that concern one site or another. */
const ofSites: ReadonlyArray<Permission> = all.filter((permission) => /^(sites|logs|env|data)\./.test(permission))

/** What a role grants, on all sites or (deployers) on those that are theirs. */
export const granted = {
  owner: all,
  admin: all,
  deployer: [
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
  ],
  viewer: ["sites.read", "logs.read", "server.read", "account"],
} as const satisfies Record<string, ReadonlyArray<Permission>>

/** What a scope grants to a key of an owner. */
export const grantedByScope = {
  read: ["sites.read", "server.read"],
  deploy: ["sites.read", "server.read", "sites.deploy", "logs.read", "env.read"],
  logs: ["logs.read"],
  env: ["env.read", "env.write"],
  kv: ["data.read", "data.write"],
  audit: ["audit.read"],
  metrics: ["metrics.read"],
  admin: all.filter((permission) => permission !== "account"),
} as const satisfies Record<string, ReadonlyArray<Permission>>

/** What is left of it on another site than those that somebody is limited to. */
export const elsewhere = (permissions: ReadonlyArray<Permission>): ReadonlyArray<Permission> =>
  permissions.filter((permission) => !ofSites.includes(permission))

/** What of it somebody has who is limited to some sites: nothing that concerns the whole server. */
export const limited = (permissions: ReadonlyArray<Permission>): ReadonlyArray<Permission> =>
  permissions.filter((permission) => ofSites.includes(permission) || ["server.read", "keys.own", "account"].includes(permission))
