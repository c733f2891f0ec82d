// Made from the API's OpenAPI document by scripts/client.mjs: do not edit, make it again.

import type { CallOptions, Counted, NoParams, Paged, RawBody } from "./client.d.ts"

/** What a refusal is known by. Later servers may have more of them. */
export type ErrorCode =
  | "BAD_REQUEST"
  | "VALIDATION_FAILED"
  | "INVALID_JSON"
  | "MISSING_FIELD"
  | "HASH_MISMATCH"
  | "NO_FILES"
  | "PATH_INVALID"
  | "PATH_DUPLICATE"
  | "CODE_INVALID"
  | "CODE_FAILED"
  | "ZIP_INVALID"
  | "ZIP_UNSAFE_PATH"
  | "ZIP_SYMLINK"
  | "ZIP_SPECIAL_FILE"
  | "ZIP_ENCRYPTED"
  | "ZIP_UNSUPPORTED"
  | "ZIP_MISMATCH"
  | "ZIP_DUPLICATE"
  | "ZIP_OVERLAP"
  | "UNAUTHORIZED"
  | "INVALID_CREDENTIALS"
  | "SESSION_EXPIRED"
  | "INVALID_API_KEY"
  | "SECOND_FACTOR_REQUIRED"
  | "FORBIDDEN"
  | "CROSS_ORIGIN"
  | "SYSTEM_APP"
  | "NOT_FOUND"
  | "SITE_NOT_FOUND"
  | "APP_NOT_FOUND"
  | "DEPLOY_NOT_FOUND"
  | "FILE_NOT_FOUND"
  | "USER_NOT_FOUND"
  | "INVITATION_NOT_FOUND"
  | "SESSION_NOT_FOUND"
  | "PASSKEY_NOT_FOUND"
  | "KEY_NOT_FOUND"
  | "ENV_NOT_FOUND"
  | "DOCUMENT_NOT_FOUND"
  | "OBJECT_NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "CONFLICT"
  | "QUOTA_EXCEEDED"
  | "BLOBS_MISSING"
  | "PAYLOAD_TOO_LARGE"
  | "FILE_TOO_LARGE"
  | "SITE_TOO_LARGE"
  | "TOO_MANY_FILES"
  | "ZIP_FILE_TOO_LARGE"
  | "ZIP_RATIO"
  | "ZIP_TOO_LARGE"
  | "ZIP_TOO_MANY_FILES"
  | "URI_TOO_LONG"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "RATE_LIMIT_EXCEEDED"
  | "INTERNAL_ERROR"
  | "SERVICE_UNAVAILABLE"
  | "STORAGE_FAILED"

export interface Account {
  id: string
  username: string
  role: "owner" | "admin" | "deployer" | "viewer"
  sites: Array<string> | null
  version: string
  totp: boolean
  recovery_codes: number
  passkeys: number
  last_login_at: string | null
  failed_logins: number
}

export interface ApiKey {
  id: string
  name: string
  scopes: Array<"read" | "deploy" | "logs" | "env" | "kv" | "audit" | "metrics" | "admin">
  sites: Array<string> | null
  user: string
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
}

export interface App {
  id: string
  name: string
  source: string | null
  file_count: number
  size_bytes: number
  created_at: string
  updated_at: string
}

export interface AuditEntry {
  seq: number
  id: string
  at: string
  site: string | null
  stream: string
  version: number
  type: string
  actor: string
  cause: string
  data: unknown
  hash: string
}

export interface CacheStatus {
  /** Files, and pieces of large ones. */
  CachedFiles: number
  CacheSizeBytes: number
  /** What they may take, from the start on. */
  max_bytes: number
  /** How often bytes were there when they were asked for, since the start. */
  hits: number
  /** How often they had to be read from the cartridge. */
  misses: number
}

export interface Collection {
  collection: string
  documents: number
  size_bytes: number
  indexes: Array<string>
}

export interface ConfigEntry {
  key: string
  value: string
  default: string
  set: boolean
  description: string
  restart: boolean
}

export interface Cors {
  origins: Array<string>
  methods: Array<string> | null
  headers: Array<string> | null
  credentials: boolean
  max_age: number | null
}

export interface DatabaseStatus {
  /** How often the process has the cartridge's file open. */
  OpenConnections: number
  /** How many of these connections have something to do. */
  InUse: number
  /** Those that have nothing to do. */
  Idle: number
  path: string
  size_bytes: number
  wal_bytes: number
  page_size: number
  page_count: number
  /** Pages that hold nothing any more, and are used before the file grows. */
  free_pages: number
  sqlite_version: string
  /** Migrations of the file's tables that have been made. */
  schema_version: number
  events: number
  head: {
    seq: number
    hash: string
  }
  blobs: number
  blob_bytes: number
}

export interface Deploy {
  seq: number
  kind: "deploy" | "rollback" | "delete" | "undelete"
  deploy: string | null
  live: boolean
  at: string
  actor: string
  source: {
    kind: string
    url?: string
    ref?: string
    commit?: string
  } | null
  message: string | null
  file_count: number | null
  size_bytes: number | null
  added: number
  changed: number
  removed: number
  preview_url: string | null
  previous: string | null
  spa: boolean
  server: {
    form: "module" | "api" | "legacy"
    entry: string
    scope: "site" | "api"
  } | null
}

export interface DeployRequest {
  readonly files: Record<
    string,
    {
      readonly hash: string
      readonly size: number
    }
  >
  readonly spa?: boolean | undefined
  readonly message?: string | undefined
  readonly source?:
    | {
        readonly kind: string
        readonly url?: string | undefined
        readonly ref?: string | undefined
        readonly commit?: string | undefined
      }
    | undefined
}

export interface Deployed {
  site: string
  deploy: string
  url: string
  preview_url: string
  file_count: number
  size_bytes: number
  added: number
  changed: number
  removed: number
  warnings: Array<Warning>
  server: {
    form: "module" | "api" | "legacy"
    entry: string
    scope: "site" | "api"
  } | null
  notes: Array<string>
  message: string
}

export interface Deployment {
  seq: number
  kind: "deploy" | "rollback" | "delete" | "undelete"
  deploy: string | null
  live: boolean
  at: string
  actor: string
  source: {
    kind: string
    url?: string
    ref?: string
    commit?: string
  } | null
  message: string | null
  file_count: number | null
  size_bytes: number | null
  added: number
  changed: number
  removed: number
  preview_url: string | null
}

export interface Diff {
  from: string
  to: string
  added: Array<string>
  changed: Array<string>
  removed: Array<string>
  patches: Array<{
    path: string
    patch: string
  }>
  omitted: Array<string>
}

export interface Document {
  id: string
  version: number
  size_bytes: number
  created_at: string | null
  updated_at: string
  data: Record<string, unknown>
}

export interface DocumentInfo {
  id: string
  version: number
  size_bytes: number
  created_at: string | null
  updated_at: string
}

export interface DocumentVersion {
  version: number
  seq: number
  at: string
  actor: string
  cause: string
  kind: "set" | "deleted" | "erased"
  data: Record<string, unknown> | null
  size_bytes: number | null
}

export interface EnvVariable {
  name: string
  set_at: string
  set_by: string
}

export interface File {
  path: string
  hash: string
  size: number
  type: string
  updated_at: string
  mod_time: string
}

export interface Health {
  /** `read_only`: a newer release has written to the log, so this one must not. */
  status: "healthy" | "read_only"
  uptime_seconds: number
  version: string
  /** Always this: there is no other mode. */
  mode: "production"
  memory: {
    /** Memory of the process, in MiB. */
    used_mb: number
    /** What the process may use on this machine, in MiB. */
    limit_mb: number
    /** Files in memory, in MiB. */
    vfs_cache_mb: number
    /** The main thread's heap, in MiB. */
    heap_mb: number
  }
  database: {
    path: string
    /** How often the process has the cartridge's file open. */
    open_connections: number
    /** How many of these connections have something to do. */
    in_use: number
  }
  runtime: {
    /** Requests that wait for the writer, whose events are yet to be written. */
    queued_events: number
    /** Threads of the process, which has no goroutines. */
    goroutines: number
    /** Requests that are not over yet, this one included. */
    requests_in_flight: number
    /** Queries that the reader thread has not answered yet. */
    queries_waiting: number
    /** Requests to server code that wait for a sandbox. */
    functions_waiting: number
    /** Threads that run server code. */
    sandbox_threads: number
    /** Open WebSockets of sites. */
    sockets: number
  }
  head: {
    seq: number
    hash: string
  }
}

export interface Invitation {
  id: string
  role: "owner" | "admin" | "deployer" | "viewer"
  sites: Array<string>
  note: string | null
  created_by: string
  created_at: string
  expires_at: string
}

export interface KvEntry {
  key: string
  size_bytes: number
  version: number
  updated_at: string
  expires_at: string | null
  value: unknown
}

export interface KvKey {
  key: string
  size_bytes: number
  version: number
  updated_at: string
  expires_at: string | null
}

export interface KvVersion {
  version: number
  seq: number
  at: string
  actor: string
  cause: string
  kind: "set" | "deleted" | "erased"
  value: unknown
  large: boolean
  size_bytes: number | null
  expires_at: string | null
}

export interface LimitDescription {
  label: string
  desc: string
  unit: string
  min: number | null
  max: number | null
  read_only: boolean
  /** The setting that it is changed by; `null` where it cannot be changed. */
  setting: string | null
}

export interface Limits {
  /** Bytes that the server may use on this machine. */
  TotalRAM: number
  /** Bytes of them that are free. */
  AvailableRAM: number
  CPUCount: number
  /** Memory for files that are served often. */
  MaxVFSBytes: number
  /** The largest upload. */
  MaxUploadBytes: number
  hardware: {
    total_ram: number
    available_ram: number
    cpu_cores: number
  }
  storage: {
    max_vfs: number
    max_upload: number
    max_file_size: number
    max_site_size: number
    max_site_files: number
    max_zip_ratio: number
    max_site_keys: number
    max_site_data: number
  }
  runtime: {
    exec_timeout: number
    cpu_time: number
    start_time: number
    max_memory: number
    max_req_body: number
    max_response: number
    host_calls: number
    log_lines: number
    concurrency: number
    queue: number
    cpu_per_second: number
    threads: number
    images: number
  }
  capacity: {
    max_requests: number
    timeout_ms: number
    address_connections: number
    address_requests: number
    deploys: number
    api_auth: number
    api_reads: number
    api_writes: number
    api_uploads: number
  }
  net: {
    max_calls: number
    call_timeout: number
    max_body: number
  }
  live: {
    sockets: number
    site_sockets: number
    address_sockets: number
    channels: number
    max_message: number
    messages: number
    backlog: number
  }
}

export type LimitsSchema = Record<string, Record<string, LimitDescription>>

export interface LogEntry {
  id: number
  at: string
  level: "debug" | "log" | "info" | "warn" | "error"
  message: string
  request: string | null
  deploy: string | null
}

export interface Login {
  readonly username: string
  readonly password: string
  readonly remember_me?: boolean | undefined
  readonly code?: string | undefined
}

export interface Me {
  id: string
  username: string
  role: "owner" | "admin" | "deployer" | "viewer"
  sites: Array<string> | null
}

export interface NewApiKey {
  id: string
  name: string
  scopes: Array<"read" | "deploy" | "logs" | "env" | "kv" | "audit" | "metrics" | "admin">
  sites: Array<string> | null
  user: string
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
  token: string
  message: string
}

export interface NewCors {
  readonly origins: ReadonlyArray<string>
  readonly methods?: ReadonlyArray<string> | null | undefined
  readonly headers?: ReadonlyArray<string> | null | undefined
  readonly credentials?: boolean | undefined
  readonly max_age?: number | null | undefined
}

export interface ObjectVersion {
  version: number
  seq: number
  at: string
  actor: string
  cause: string
  kind: "set" | "deleted" | "erased"
  size_bytes: number | null
  type: string | null
  hash: string | null
}

export interface Passkey {
  id: string
  name: string
  created_at: string
  last_used_at: string | null
}

export interface ProjectionStatus {
  name: string
  version: number
  seq: number
  rebuilding: {
    seq: number
    total: number
  } | null
}

export interface Session {
  id: string
  current: boolean
  method: "password" | "totp" | "recovery_code" | "passkey" | "invitation" | "password_change"
  address: string | null
  agent: string | null
  started_at: string
  last_seen_at: string
  expires_at: string
}

export interface Site {
  site: string
  url: string
  deploy: string | null
  deploys: number
  file_count: number
  size_bytes: number
  created_at: string
  updated_at: string
  deleted_at: string | null
  Name: string
  Path: string
  FileCount: number
  SizeBytes: number
  ModTime: string
}

export interface Status {
  status: "healthy" | "read_only"
  version: string
  domain: string
  port: number | null
  uptime_seconds: number
  head: {
    seq: number
    hash: string
  }
  sites: number
  database: {
    path: string
    size_bytes: number
  }
  memory_bytes: number
  functions: {
    runs: number
    killed: number
    requeued: number
    conflicts: number
    waiting: number
    images: number
    image_bytes: number
  }
  sockets: number
  read_only: string | null
}

export interface StoredObject {
  path: string
  size_bytes: number
  type: string
  hash: string
  version: number
  updated_at: string
}

export interface SystemConfig {
  version: string
  domain: string
  /** Always this. */
  env: "production"
  /** Whether the server itself speaks TLS. */
  https: boolean
  /** Whether it sends notifications. */
  ntfy: boolean
}

export interface User {
  id: string
  username: string
  role: "owner" | "admin" | "deployer" | "viewer"
  sites: Array<string>
  totp: boolean
  passkeys: number
  invited_by: string | null
  created_at: string
  last_login: string | null
}

export interface VerifyPart {
  seq: number
  hash: string
  bytes: number
  done: boolean
  head: {
    seq: number
    hash: string
  }
  bad: {
    seq: number
    reason: string
  } | null
}

export interface Warning {
  file: string
  line: number
  reason: string
}

export type WebAuthnJson = Record<string, unknown>

/** Every operation of the API, by group. */
export interface Api {
  /** Logging in and out, and joining by invitation. */
  readonly session: {
    /**
     * The answer's cookie is the session. It is refused in the same words and the same time whether the name or the password is wrong. Where a second factor is on, a login without `code` gives 401 `SECOND_FACTOR_REQUIRED`. After too many failures: 429, with `Retry-After`.
     * `POST /api/login`
     */
    readonly login: (
      params: Login,
      options?: CallOptions,
    ) => Promise<{
      message: string
      user: Me
      expires_at: string
    }>

    /**
     * Ends the session and takes the cookie away.
     * `POST /api/logout`
     */
    readonly logout: (
      params?: NoParams,
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Gives what `navigator.credentials.get()` is called with.
     * `POST /api/login/passkey/options`
     */
    readonly passkeyOptions: (params?: NoParams, options?: CallOptions) => Promise<WebAuthnJson>

    /**
     * `response` is what `navigator.credentials.get()` gave.
     * `POST /api/login/passkey`
     */
    readonly passkeyLogin: (
      params: {
        readonly response: WebAuthnJson
        readonly remember_me?: boolean | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
      user: Me
      expires_at: string
    }>

    /**
     * Who is logged in
     * `GET /api/auth/status`
     */
    readonly status: (
      params?: NoParams,
      options?: CallOptions,
    ) => Promise<{
      authenticated: boolean
      username?: string
      expiresAt?: string
      user?: Me
    }>

    /**
     * Also at `/auth/session`.
     * `GET /api/auth/session`
     */
    readonly authSession: (
      params?: NoParams,
      options?: CallOptions,
    ) => Promise<{
      authenticated: boolean
      username?: string
      expiresAt?: string
      user?: Me
    }>

    /**
     * Also at `/auth/login`.
     * `POST /api/auth/login`
     */
    readonly authLogin: (
      params: Login,
      options?: CallOptions,
    ) => Promise<{
      message: string
      user: Me
      expires_at: string
    }>

    /**
     * Also at `/auth/logout`.
     * `POST /api/auth/logout`
     */
    readonly authLogout: (
      params?: NoParams,
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * What an invitation is for
     * `GET /api/auth/invite/{code}`
     */
    readonly invitation: (
      params: {
        readonly code: string
      },
      options?: CallOptions,
    ) => Promise<{
      role: "owner" | "admin" | "deployer" | "viewer"
      sites: Array<string>
      expires_at: string
    }>

    /**
     * Once: makes the account and logs it in.
     * `POST /api/auth/invite/{code}`
     */
    readonly join: (
      params: {
        readonly code: string
        readonly username: string
        readonly password: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
      user: Me
      expires_at: string
    }>
  }

  /** One's own account, for whoever is logged in. Keys have no account. */
  readonly account: {
    /**
     * Needs somebody who is logged in; keys have no account.
     * `GET /api/user/me`
     */
    readonly me: (params?: NoParams, options?: CallOptions) => Promise<Account>

    /**
     * Ends every session of the account; the answer's cookie begins a new one.
     *
     * Needs somebody who is logged in; keys have no account.
     * `POST /api/user/password`
     */
    readonly changePassword: (
      params: {
        readonly password: string
        readonly new_password: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs somebody who is logged in; keys have no account.
     * `GET /api/user/sessions`
     */
    readonly sessions: (
      params?: {
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<Session>

    /**
     * All but the one that asks.
     *
     * Needs somebody who is logged in; keys have no account.
     * `DELETE /api/user/sessions`
     */
    readonly endSessions: (
      params?: NoParams,
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs somebody who is logged in; keys have no account.
     * `DELETE /api/user/sessions/{id}`
     */
    readonly endSession: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Nothing holds before it is confirmed, which has to happen within ten minutes.
     *
     * Needs somebody who is logged in; keys have no account.
     * `POST /api/user/totp`
     */
    readonly beginTotp: (
      params: {
        readonly password: string
      },
      options?: CallOptions,
    ) => Promise<{
      secret: string
      uri: string
    }>

    /**
     * Shows the recovery codes this once.
     *
     * Needs somebody who is logged in; keys have no account.
     * `POST /api/user/totp/confirm`
     */
    readonly confirmTotp: (
      params: {
        readonly code: string
      },
      options?: CallOptions,
    ) => Promise<{
      recovery_codes: Array<string>
    }>

    /**
     * Needs somebody who is logged in; keys have no account.
     * `POST /api/user/totp/disable`
     */
    readonly disableTotp: (
      params: {
        readonly password: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Shows them this once; the old ones are no good any more.
     *
     * Needs somebody who is logged in; keys have no account.
     * `POST /api/user/recovery-codes`
     */
    readonly renewRecoveryCodes: (
      params: {
        readonly password: string
      },
      options?: CallOptions,
    ) => Promise<{
      recovery_codes: Array<string>
    }>

    /**
     * Needs somebody who is logged in; keys have no account.
     * `GET /api/user/passkeys`
     */
    readonly passkeys: (
      params?: {
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<Passkey>

    /**
     * `response` is what `navigator.credentials.create()` gave.
     *
     * Needs somebody who is logged in; keys have no account.
     * `POST /api/user/passkeys`
     */
    readonly addPasskey: (
      params: {
        readonly name: string
        readonly response: WebAuthnJson
      },
      options?: CallOptions,
    ) => Promise<Passkey>

    /**
     * Gives what `navigator.credentials.create()` is called with.
     *
     * Needs somebody who is logged in; keys have no account.
     * `POST /api/user/passkeys/options`
     */
    readonly passkeyOptions: (
      params: {
        readonly password: string
      },
      options?: CallOptions,
    ) => Promise<WebAuthnJson>

    /**
     * Needs somebody who is logged in; keys have no account.
     * `DELETE /api/user/passkeys/{id}`
     */
    readonly removePasskey: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>
  }

  /** Users and invitations. Owners manage everybody; admins everybody but owners, and nobody becomes an owner through them. What changes takes effect at once. */
  readonly users: {
    /**
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `GET /api/users`
     */
    readonly list: (
      params?: {
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<User>

    /**
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `GET /api/users/{id}`
     */
    readonly get: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<User>

    /**
     * The user is logged out, and their keys may no more than they do.
     *
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `PATCH /api/users/{id}`
     */
    readonly update: (
      params: {
        readonly id: string
        readonly role: "owner" | "admin" | "deployer" | "viewer"
        readonly sites?: ReadonlyArray<string> | undefined
      },
      options?: CallOptions,
    ) => Promise<User>

    /**
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `DELETE /api/users/{id}`
     */
    readonly remove: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * `user_id` or `username` says whose.
     *
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `POST /api/users/role`
     */
    readonly setRole: (
      params: {
        readonly user_id?: string | undefined
        readonly username?: string | undefined
        readonly role: "owner" | "admin" | "deployer" | "viewer"
        readonly sites?: ReadonlyArray<string> | undefined
      },
      options?: CallOptions,
    ) => Promise<User>

    /**
     * Without one, one is made up and shown this once.
     *
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `POST /api/users/{id}/password`
     */
    readonly resetPassword: (
      params: {
        readonly id: string
        readonly password?: string | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
      password?: string
    }>

    /**
     * The authenticator app and every passkey, of somebody who has lost them.
     *
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `DELETE /api/users/{id}/factors`
     */
    readonly resetFactors: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `DELETE /api/users/{id}/sessions`
     */
    readonly endSessions: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `GET /api/invitations`
     */
    readonly invitations: (
      params?: {
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<Invitation>

    /**
     * `code` and `url`, which holds it, are shown this once.
     *
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `POST /api/invitations`
     */
    readonly invite: (
      params: {
        readonly role: "owner" | "admin" | "deployer" | "viewer"
        readonly sites?: ReadonlyArray<string> | undefined
        readonly note?: string | undefined
        readonly expires_in_hours?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      id: string
      role: "owner" | "admin" | "deployer" | "viewer"
      sites: Array<string>
      note: string | null
      created_by: string
      created_at: string
      expires_at: string
      code: string
      url: string
    }>

    /**
     * Needs the permission `users.manage`: roles owner, admin; key scopes admin.
     * `DELETE /api/invitations/{id}`
     */
    readonly revokeInvitation: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>
  }

  /** API keys: one's own; those who manage users see and revoke everybody's. */
  readonly keys: {
    /**
     * Needs the permission `keys.own`: roles owner, admin, deployer; key scopes admin.
     * `GET /api/keys`
     */
    readonly list: (
      params?: {
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<ApiKey>

    /**
     * `token` is shown this once. A key may never more than whoever made it.
     *
     * Needs the permission `keys.own`: roles owner, admin, deployer; key scopes admin.
     * `POST /api/keys`
     */
    readonly create: (
      params: {
        readonly name: string
        readonly scopes: ReadonlyArray<"read" | "deploy" | "logs" | "env" | "kv" | "audit" | "metrics" | "admin">
        readonly sites?: ReadonlyArray<string> | undefined
        readonly expires_in_days?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<NewApiKey>

    /**
     * Needs the permission `keys.own`: roles owner, admin, deployer; key scopes admin.
     * `DELETE /api/keys`
     */
    readonly classicRevoke: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs the permission `keys.own`: roles owner, admin, deployer; key scopes admin.
     * `GET /api/keys/{id}`
     */
    readonly get: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<ApiKey>

    /**
     * It is no good from then on, for ever.
     *
     * Needs the permission `keys.own`: roles owner, admin, deployer; key scopes admin.
     * `DELETE /api/keys/{id}`
     */
    readonly revoke: (
      params: {
        readonly id: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>
  }

  /** Sites by their names. */
  readonly sites: {
    /**
     * Those that the caller reaches, by name. `deleted=true`: also those that were deleted.
     *
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites`
     */
    readonly list: (
      params?: {
        readonly deleted?: boolean | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<Site>

    /**
     * It shows nothing before its first deploy.
     *
     * Needs the permission `sites.deploy` on the site: roles owner, admin, deployer; key scopes deploy, admin.
     * `POST /api/sites`
     */
    readonly create: (
      params: {
        readonly site: string
      },
      options?: CallOptions,
    ) => Promise<Site>

    /**
     * The same as `DELETE /api/sites/<site>`.
     *
     * Needs the permission `sites.manage` on the site: roles owner, admin; key scopes admin.
     * `DELETE /api/sites`
     */
    readonly classicDelete: (
      params?: {
        readonly site_id?: string | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites/{site}`
     */
    readonly get: (
      params: {
        /** The site's name. */
        readonly site: string
      },
      options?: CallOptions,
    ) => Promise<Site>

    /**
     * Its deploys and its data are kept, and come back with it.
     *
     * Needs the permission `sites.manage` on the site: roles owner, admin; key scopes admin.
     * `DELETE /api/sites/{site}`
     */
    readonly delete: (
      params: {
        /** The site's name. */
        readonly site: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs the permission `sites.manage` on the site: roles owner, admin; key scopes admin.
     * `POST /api/sites/{site}/undelete`
     */
    readonly undelete: (
      params: {
        /** The site's name. */
        readonly site: string
      },
      options?: CallOptions,
    ) => Promise<Site>

    /**
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites/{site}/cors`
     */
    readonly cors: (
      params: {
        /** The site's name. */
        readonly site: string
      },
      options?: CallOptions,
    ) => Promise<Cors>

    /**
     * Takes the place of what was set before. Holds for the answers of the site's code; files follow its `_headers`.
     *
     * Needs the permission `sites.manage` on the site: roles owner, admin; key scopes admin.
     * `PUT /api/sites/{site}/cors`
     */
    readonly setCors: (
      params: {
        /** The site's name. */
        readonly site: string
      } & NewCors,
      options?: CallOptions,
    ) => Promise<Cors>

    /**
     * Needs the permission `sites.manage` on the site: roles owner, admin; key scopes admin.
     * `DELETE /api/sites/{site}/cors`
     */
    readonly unsetCors: (
      params: {
        /** The site's name. */
        readonly site: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>
  }

  /** What sites showed when. A deploy is named by its id, by a beginning of it that is unique within the site, as `live` or as `previous`. */
  readonly deploys: {
    /**
     * Newest first, without the rollbacks and deletions between them.
     *
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites/{site}/deploys`
     */
    readonly list: (
      params: {
        /** The site's name. */
        readonly site: string
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<Deployment>

    /**
     * Its blobs have been uploaded before; 409 `BLOBS_MISSING` names those that have not. It is live with the answer.
     *
     * Needs the permission `sites.deploy` on the site: roles owner, admin, deployer; key scopes deploy, admin.
     * `POST /api/sites/{site}/deploys`
     */
    readonly deploy: (
      params: {
        /** The site's name. */
        readonly site: string
      } & DeployRequest,
      options?: CallOptions,
    ) => Promise<Deployed>

    /**
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites/{site}/deploys/{deploy}`
     */
    readonly get: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly deploy: string
      },
      options?: CallOptions,
    ) => Promise<Deploy>

    /**
     * Deploys, rollbacks, deletions, newest first; `before` pages back.
     *
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites/{site}/history`
     */
    readonly history: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly before?: number | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<Deployment>

    /**
     * With `text=true` also the lines of text files.
     *
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites/{site}/diff`
     */
    readonly diff: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly from: string
        readonly to: string
        readonly text?: boolean | undefined
      },
      options?: CallOptions,
    ) => Promise<Diff>

    /**
     * `to` says which; without it the one before.
     *
     * Needs the permission `sites.deploy` on the site: roles owner, admin, deployer; key scopes deploy, admin.
     * `POST /api/sites/{site}/rollback`
     */
    readonly rollback: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly to?: string | undefined
      },
      options?: CallOptions,
    ) => Promise<Site>

    /**
     * Unpacks it and makes it the site's newest deploy. This is how deploy programs of the Go server publish.
     *
     * Needs the permission `sites.deploy` on the site: roles owner, admin, deployer; key scopes deploy, admin.
     * `POST /api/deploy`
     */
    readonly zip: (
      params: {
        readonly body: RawBody
      },
      options?: CallOptions,
    ) => Promise<Deployed>
  }

  /** The files of deploys. */
  readonly files: {
    /**
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites/{site}/files`
     */
    readonly list: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly deploy?: string | undefined
        readonly prefix?: string | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<File>

    /**
     * With the type that it is served with. The rest of the path is the file's.
     *
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/sites/{site}/files/{path*}`
     */
    readonly content: (
      params: {
        /** The site's name. */
        readonly site: string
        /** The rest of the path; the slashes in it stay as they are. */
        readonly path: string
        readonly deploy?: string | undefined
      },
      options?: CallOptions,
    ) => Promise<Response>
  }

  /** Sites and deploys under their names in Fazt 0.9, for clients that know them so. */
  readonly apps: {
    /**
     * All that the caller reaches, but those that were deleted; `all` changes nothing.
     *
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/apps`
     */
    readonly list: (
      params?: {
        readonly all?: string | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<App>

    /**
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/apps/{site}`
     */
    readonly get: (
      params: {
        /** The site's name. */
        readonly site: string
      },
      options?: CallOptions,
    ) => Promise<App>

    /**
     * 403 `SYSTEM_APP` for the sites that the server itself shows.
     *
     * Needs the permission `sites.manage` on the site: roles owner, admin; key scopes admin.
     * `DELETE /api/apps/{site}`
     */
    readonly delete: (
      params: {
        /** The site's name. */
        readonly site: string
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/apps/{site}/files`
     */
    readonly files: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly deploy?: string | undefined
        readonly prefix?: string | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<File>

    /**
     * The newest 50 of the sites that the caller reaches.
     *
     * Needs the permission `sites.read` on the site: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/deployments`
     */
    readonly deployments: (
      params?: NoParams,
      options?: CallOptions,
    ) => Promise<{
      deployments: Array<{
        id: string
        site_id: string
        size_bytes: number
        file_count: number
        deployed_by: string
        created_at: string
      }>
    }>
  }

  /** Uploading what a deploy consists of: bytes, which go by their SHA-256. */
  readonly blobs: {
    /**
     * Needs the permission `sites.deploy` on the site: roles owner, admin, deployer; key scopes deploy, admin.
     * `POST /api/blobs/missing`
     */
    readonly missing: (
      params: {
        readonly hashes: ReadonlyArray<string>
      },
      options?: CallOptions,
    ) => Promise<{
      missing: Array<string>
    }>

    /**
     * The answer has their hashes, in order.
     *
     * Needs the permission `sites.deploy` on the site: roles owner, admin, deployer; key scopes deploy, admin.
     * `POST /api/blobs`
     */
    readonly uploadBatch: (
      params: {
        readonly body: RawBody
      },
      options?: CallOptions,
    ) => Promise<{
      hashes: Array<string>
    }>

    /**
     * The body is the bytes; their SHA-256 must be the hash in the path.
     *
     * Needs the permission `sites.deploy` on the site: roles owner, admin, deployer; key scopes deploy, admin.
     * `PUT /api/blobs/{hash}`
     */
    readonly upload: (
      params: {
        readonly hash: string
        readonly body: RawBody
      },
      options?: CallOptions,
    ) => Promise<{
      hash: string
      size: number
    }>
  }

  /** The environment variables of sites. Values go in and never come out. */
  readonly env: {
    /**
     * Their names, never their values.
     *
     * Needs the permission `env.read` on the site: roles owner, admin, deployer; key scopes deploy, env, admin.
     * `GET /api/sites/{site}/env`
     */
    readonly list: (
      params: {
        /** The site's name. */
        readonly site: string
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<EnvVariable>

    /**
     * All or none of them. Those that are not named stay as they are.
     *
     * Needs the permission `env.write` on the site: roles owner, admin, deployer; key scopes env, admin.
     * `PATCH /api/sites/{site}/env`
     */
    readonly setAll: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly values: Record<string, string>
      },
      options?: CallOptions,
    ) => Promise<Array<EnvVariable>>

    /**
     * Needs the permission `env.write` on the site: roles owner, admin, deployer; key scopes env, admin.
     * `PUT /api/sites/{site}/env/{name}`
     */
    readonly set: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly name: string
        readonly value: string
      },
      options?: CallOptions,
    ) => Promise<EnvVariable>

    /**
     * With `purge`, every value that it ever had is shredded; else they stay sealed.
     *
     * Needs the permission `env.write` on the site: roles owner, admin, deployer; key scopes env, admin.
     * `DELETE /api/sites/{site}/env/{name}`
     */
    readonly unset: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly name: string
        readonly purge?: boolean | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Needs the permission `env.read` on the site: roles owner, admin, deployer; key scopes deploy, env, admin.
     * `GET /api/envvars`
     */
    readonly classicList: (
      params?: {
        readonly site_id?: string | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      vars: Array<{
        id: string
        name: string
      }>
    }>

    /**
     * Needs the permission `env.write` on the site: roles owner, admin, deployer; key scopes env, admin.
     * `POST /api/envvars`
     */
    readonly classicSet: (
      params?: {
        readonly site_id?: string | undefined
        readonly name?: string | undefined
        readonly value?: string | undefined
      },
      options?: CallOptions,
    ) => Promise<Record<string, unknown> | Array<unknown>>

    /**
     * `id` is `<site>:<name>`. Its values stay sealed.
     *
     * Needs the permission `env.write` on the site: roles owner, admin, deployer; key scopes env, admin.
     * `DELETE /api/envvars`
     */
    readonly classicUnset: (
      params?: {
        readonly id?: string | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>
  }

  /** What the code of sites wrote. */
  readonly logs: {
    /**
     * Newest first; `before` pages back, from `meta.next`. With `after`, oldest first from there on, and with `wait` the answer waits for the first match: this is how to follow without a stream. `level`: that one and worse.
     *
     * Needs the permission `logs.read` on the site: roles owner, admin, deployer, viewer; key scopes deploy, logs, admin.
     * `GET /api/sites/{site}/logs`
     */
    readonly list: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly level?: "debug" | "log" | "info" | "warn" | "error" | undefined
        readonly search?: string | undefined
        readonly request?: string | undefined
        readonly since?: string | undefined
        readonly before?: number | undefined
        readonly after?: number | undefined
        /** Seconds that the answer may wait for news. */
        readonly wait?: number | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<LogEntry>

    /**
     * Newest first.
     *
     * Needs the permission `logs.read` on the site: roles owner, admin, deployer, viewer; key scopes deploy, logs, admin.
     * `GET /api/logs`
     */
    readonly classic: (
      params: {
        readonly site_id: string
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      logs: Array<{
        id: number
        level: "debug" | "log" | "info" | "warn" | "error"
        message: string
        created_at: string
      }>
    }>
  }

  /** The key-value store of sites. Keys are given in the query, since they may hold slashes. */
  readonly kv: {
    /**
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/kv`
     */
    readonly list: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly prefix?: string | undefined
        readonly cursor?: string | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<KvKey>

    /**
     * As it is now or, with `version`, as it was then.
     *
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/kv/value`
     */
    readonly get: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly key: string
        readonly version?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<KvEntry>

    /**
     * `if_version`: only if that is the key's version, 0 for none.
     *
     * Needs the permission `data.write` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `PUT /api/sites/{site}/kv/value`
     */
    readonly set: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly key: string
        readonly if_version?: number | undefined
        readonly value?: unknown
        readonly ttl_ms?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<KvKey>

    /**
     * `if_version`: only if that is the key's version.
     *
     * Needs the permission `data.write` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `DELETE /api/sites/{site}/kv/value`
     */
    readonly delete: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly key: string
        readonly if_version?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Newest first; `before` (a version) pages back.
     *
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/kv/history`
     */
    readonly history: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly key: string
        readonly before?: number | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<KvVersion>
  }

  /** The documents of sites. Ids are given in the query, since they may hold slashes. */
  readonly documents: {
    /**
     * By name; those that have no documents are none.
     *
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/documents`
     */
    readonly collections: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly cursor?: string | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<Collection>

    /**
     * Newest first. `query` is JSON in the language of `ds.find`. An answer looks at so many documents only, and has so many bytes: it may have fewer documents than `limit`, or none, while `meta.next` says that there are more.
     *
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/documents/items`
     */
    readonly list: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly collection: string
        readonly query?: string | undefined
        readonly cursor?: string | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<Document>

    /**
     * As it is now or, with `version`, as it was then.
     *
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/documents/item`
     */
    readonly get: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly collection: string
        readonly id: string
        readonly version?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<Document>

    /**
     * In the place of the one with this id, if there is one. `if_version`: only if that is its version, 0 for none.
     *
     * Needs the permission `data.write` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `PUT /api/sites/{site}/documents/item`
     */
    readonly set: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly collection: string
        readonly id: string
        readonly if_version?: number | undefined
        readonly data: Record<string, unknown>
      },
      options?: CallOptions,
    ) => Promise<DocumentInfo>

    /**
     * `if_version`: only if that is its version.
     *
     * Needs the permission `data.write` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `DELETE /api/sites/{site}/documents/item`
     */
    readonly delete: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly collection: string
        readonly id: string
        readonly if_version?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Newest first; `before` (a version) pages back.
     *
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/documents/history`
     */
    readonly history: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly collection: string
        readonly id: string
        readonly before?: number | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<DocumentVersion>
  }

  /** The objects of sites. Paths are given in the query, since they hold slashes. */
  readonly objects: {
    /**
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/objects`
     */
    readonly list: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly prefix?: string | undefined
        readonly cursor?: string | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<StoredObject>

    /**
     * As they are now or, with `version`, as they were then.
     *
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/objects/content`
     */
    readonly get: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly path: string
        readonly version?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<Response>

    /**
     * The body is the bytes, and `Content-Type` their type. `if_version`: only if that is the object's version, 0 for none.
     *
     * Needs the permission `data.write` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `PUT /api/sites/{site}/objects/content`
     */
    readonly put: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly path: string
        readonly if_version?: number | undefined
        readonly body: RawBody
      },
      options?: CallOptions,
    ) => Promise<StoredObject>

    /**
     * `if_version`: only if that is the object's version.
     *
     * Needs the permission `data.write` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `DELETE /api/sites/{site}/objects/content`
     */
    readonly delete: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly path: string
        readonly if_version?: number | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      message: string
    }>

    /**
     * Newest first; `before` (a version) pages back.
     *
     * Needs the permission `data.read` on the site: roles owner, admin, deployer; key scopes kv, admin.
     * `GET /api/sites/{site}/objects/history`
     */
    readonly history: (
      params: {
        /** The site's name. */
        readonly site: string
        readonly path: string
        readonly before?: number | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<ObjectVersion>
  }

  /** The server's settings, and settings of the owner's own under `custom.`. */
  readonly config: {
    /**
     * The server's settings by subject, then those under `custom.` by name.
     *
     * Needs the permission `server.manage`: roles owner, admin; key scopes admin.
     * `GET /api/config`
     */
    readonly list: (
      params?: {
        /** Only settings whose names begin so. */
        readonly prefix?: string | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<ConfigEntry>

    /**
     * Needs the permission `server.manage`: roles owner, admin; key scopes admin.
     * `GET /api/config/{key}`
     */
    readonly get: (
      params: {
        /** The setting's name, such as `limits.zip_ratio`. */
        readonly key: string
      },
      options?: CallOptions,
    ) => Promise<ConfigEntry>

    /**
     * It holds from the next request on, or from the server's next start where the setting says so. Names under `custom.` are the owner's own: at most 1000 of them, each of at most 4 KiB, and no place for secrets, since everybody who may read the log sees them.
     *
     * Needs the permission `server.manage`: roles owner, admin; key scopes admin.
     * `PUT /api/config/{key}`
     */
    readonly set: (
      params: {
        /** The setting's name, such as `limits.zip_ratio`. */
        readonly key: string
        readonly value: string
      },
      options?: CallOptions,
    ) => Promise<ConfigEntry>

    /**
     * What is under `custom.` is gone then.
     *
     * Needs the permission `server.manage`: roles owner, admin; key scopes admin.
     * `DELETE /api/config/{key}`
     */
    readonly unset: (
      params: {
        /** The setting's name, such as `limits.zip_ratio`. */
        readonly key: string
      },
      options?: CallOptions,
    ) => Promise<ConfigEntry>
  }

  /** Everything that has ever happened, and the proof that nothing was changed since. */
  readonly audit: {
    /**
     * `before` pages back, from `meta.next`. With `after`, oldest first from there on, and with `wait` the answer waits for the first match: this is how to follow without a stream.
     *
     * Needs the permission `audit.read`: roles owner, admin; key scopes audit, admin.
     * `GET /api/audit`
     */
    readonly list: (
      params?: {
        /** Only what concerns this site. */
        readonly site?: string | undefined
        /** Only this stream, such as `site/blog` or `config`. */
        readonly stream?: string | undefined
        /** Only this type of event, such as `v1.SiteDeployed`. */
        readonly type?: string | undefined
        /** Only what this one did, such as `owner` or `key:<id>`. */
        readonly actor?: string | undefined
        /** Only from then on: `2h`, `7d` or a date. */
        readonly since?: string | undefined
        /** Only up to then: `2h`, `7d` or a date. */
        readonly until?: string | undefined
        readonly before?: number | undefined
        readonly after?: number | undefined
        /** Seconds that the answer may wait for news. */
        readonly wait?: number | undefined
        /** How many items the answer may have. */
        readonly limit?: number | undefined
      },
      options?: CallOptions,
    ) => Paged<AuditEntry>

    /**
     * Walks on from behind event `after`, whose hash is `hash`, or from the beginning.
     *
     * Needs the permission `audit.read`: roles owner, admin; key scopes audit, admin.
     * `GET /api/audit/verify`
     */
    readonly verify: (
      params?: {
        readonly after?: number | undefined
        readonly hash?: string | undefined
      },
      options?: CallOptions,
    ) => Promise<VerifyPart>
  }

  /** What the server is doing, and its read models. */
  readonly server: {
    /**
     * Needs the permission `server.read`: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/status`
     */
    readonly status: (params?: NoParams, options?: CallOptions) => Promise<Status>

    /**
     * Needs the permission `server.manage`: roles owner, admin; key scopes admin.
     * `GET /api/projections`
     */
    readonly projections: (
      params?: {
        /** How many items the answer may have. */
        readonly limit?: number | undefined
        /** How many items to leave out before the first. */
        readonly offset?: number | undefined
      },
      options?: CallOptions,
    ) => Counted<ProjectionStatus>

    /**
     * Starts it for some, or without `projections` for all; `GET /api/projections` shows how far it is. The old rows keep serving.
     *
     * Needs the permission `server.manage`: roles owner, admin; key scopes admin.
     * `POST /api/projections/rebuild`
     */
    readonly rebuild: (
      params?: {
        readonly projections?: ReadonlyArray<string> | undefined
      },
      options?: CallOptions,
    ) => Promise<{
      projections: Array<string>
    }>

    /**
     * Counters, gauges and histograms for a program that watches the server. A program on the server's own machine needs no key.
     *
     * Needs the permission `metrics.read`: roles owner, admin; key scopes metrics, admin.
     * `GET /metrics`
     */
    readonly metrics: (params?: NoParams, options?: CallOptions) => Promise<Response>

    /**
     * Whether the server can answer
     * `GET /health`
     */
    readonly alive: (params?: NoParams, options?: CallOptions) => Promise<Response>

    /**
     * This document
     * `GET /api/openapi.json`
     */
    readonly openapi: (params?: NoParams, options?: CallOptions) => Promise<Record<string, unknown>>
  }

  /** How the server is and what limits it. */
  readonly system: {
    /**
     * Needs the permission `server.read`: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/system/health`
     */
    readonly health: (params?: NoParams, options?: CallOptions) => Promise<Health>

    /**
     * Needs the permission `server.read`: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/system/limits`
     */
    readonly limits: (params?: NoParams, options?: CallOptions) => Promise<Limits>

    /**
     * Needs the permission `server.read`: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/system/limits/schema`
     */
    readonly limitsSchema: (params?: NoParams, options?: CallOptions) => Promise<LimitsSchema>

    /**
     * Needs the permission `server.read`: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/system/capacity`
     */
    readonly capacity: (params?: NoParams, options?: CallOptions) => Promise<Limits>

    /**
     * Needs the permission `server.read`: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/system/cache`
     */
    readonly cache: (params?: NoParams, options?: CallOptions) => Promise<CacheStatus>

    /**
     * Needs the permission `server.read`: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/system/db`
     */
    readonly db: (params?: NoParams, options?: CallOptions) => Promise<DatabaseStatus>

    /**
     * Needs the permission `server.read`: roles owner, admin, deployer, viewer; key scopes read, deploy, admin.
     * `GET /api/system/config`
     */
    readonly config: (params?: NoParams, options?: CallOptions) => Promise<SystemConfig>
  }
}
