import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import { Scope } from "../../events/access.ts"
import { LogLevel } from "../../events/logs.ts"
import { BlobHash, DeploySource } from "../../events/site.ts"
import { version } from "../../resources.ts"
import { Data, Failure, Page } from "./envelope.ts"

/** Who makes the request. `actor` as events record it, `cause` the request's id. */
export class Caller extends Context.Tag("fazt/Caller")<
  Caller,
  { readonly actor: string; readonly cause: string; readonly key: string | undefined }
>() {}

const bearer = { bearer: HttpApiSecurity.bearer }

/** Each endpoint carries one of these three, which says what a key must be allowed to do. A wider scope includes the narrower. */
export class MayRead extends HttpApiMiddleware.Tag<MayRead>()("fazt/MayRead", { provides: Caller, failure: Failure, security: bearer }) {}
export class MayDeploy extends HttpApiMiddleware.Tag<MayDeploy>()("fazt/MayDeploy", {
  provides: Caller,
  failure: Failure,
  security: bearer,
}) {}
export class MayAdminister extends HttpApiMiddleware.Tag<MayAdminister>()("fazt/MayAdminister", {
  provides: Caller,
  failure: Failure,
  security: bearer,
}) {}

/** RFC 3339, UTC, milliseconds. */
const Time = Schema.String.annotations({ identifier: "Time" })
const Count = Schema.Int.pipe(Schema.nonNegative())

export const Site = Schema.Struct({
  site: Schema.String,
  url: Schema.String,
  /** The live deploy; `null` before the first. */
  deploy: Schema.NullOr(Schema.String),
  deploys: Count,
  file_count: Count,
  size_bytes: Count,
  created_at: Time,
  updated_at: Time,
  deleted_at: Schema.NullOr(Time),
}).annotations({ identifier: "Site" })
export type Site = typeof Site.Type

/** One line of a site's history; counts of files are against what was live before it. */
export const Deployment = Schema.Struct({
  seq: Count,
  kind: Schema.Literal("deploy", "rollback", "delete", "undelete"),
  /** What was live afterwards; `null` after a deletion. */
  deploy: Schema.NullOr(Schema.String),
  live: Schema.Boolean,
  at: Time,
  actor: Schema.String,
  source: Schema.NullOr(DeploySource),
  message: Schema.NullOr(Schema.String),
  file_count: Schema.NullOr(Count),
  size_bytes: Schema.NullOr(Count),
  added: Count,
  changed: Count,
  removed: Count,
  preview_url: Schema.NullOr(Schema.String),
}).annotations({ identifier: "Deployment" })
export type Deployment = typeof Deployment.Type

export const File = Schema.Struct({ path: Schema.String, hash: BlobHash, size: Count, type: Schema.String, updated_at: Time }).annotations({
  identifier: "File",
})

/** A line of `_redirects` or `_headers` that was not understood, and why. */
const Warning = Schema.Struct({ file: Schema.String, line: Count, reason: Schema.String }).annotations({ identifier: "Warning" })

export const Deployed = Schema.Struct({
  site: Schema.String,
  deploy: Schema.String,
  url: Schema.String,
  preview_url: Schema.String,
  file_count: Count,
  size_bytes: Count,
  added: Count,
  changed: Count,
  removed: Count,
  warnings: Schema.Array(Warning),
  /** The code that answers requests: how it is written, where it begins, and whether it answers the whole site or `/api/`. */
  server: Schema.NullOr(
    Schema.Struct({
      form: Schema.Literal("module", "api", "legacy"),
      entry: Schema.String,
      scope: Schema.Literal("site", "api"),
    }),
  ),
  /** What else is worth knowing of this deploy. */
  notes: Schema.Array(Schema.String),
  message: Schema.String,
}).annotations({ identifier: "Deployed" })
export type Deployed = typeof Deployed.Type

/** What to publish: path → SHA-256 and size. The bytes have been uploaded before. */
export const DeployRequest = Schema.Struct({
  files: Schema.Record({ key: Schema.String, value: Schema.Struct({ hash: BlobHash, size: Count }) }),
  spa: Schema.optional(Schema.Boolean),
  message: Schema.optional(Schema.String.pipe(Schema.maxLength(1000))),
  source: Schema.optional(DeploySource),
}).annotations({ identifier: "DeployRequest" })
export type DeployRequest = typeof DeployRequest.Type

export const Diff = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  added: Schema.Array(Schema.String),
  changed: Schema.Array(Schema.String),
  removed: Schema.Array(Schema.String),
  /** With `text=true`: unified diffs of the text files, at most 1 MiB a file. */
  patches: Schema.Array(Schema.Struct({ path: Schema.String, patch: Schema.String })),
  /** With `text=true`: files without a patch, being binary, too large, or too many for one answer. */
  omitted: Schema.Array(Schema.String),
}).annotations({ identifier: "Diff" })
export type Diff = typeof Diff.Type

export const ConfigEntry = Schema.Struct({
  key: Schema.String,
  value: Schema.String,
  default: Schema.String,
  /** Whether it was set, as opposed to having its default. */
  set: Schema.Boolean,
  description: Schema.String,
  /** Whether a running server takes it up only at its next start. */
  restart: Schema.Boolean,
}).annotations({ identifier: "ConfigEntry" })
export type ConfigEntry = typeof ConfigEntry.Type

export const ApiKey = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  scopes: Schema.Array(Scope),
  created_at: Time,
  revoked_at: Schema.NullOr(Time),
}).annotations({ identifier: "ApiKey" })
export type ApiKey = typeof ApiKey.Type

/** A new key. `token` is shown this once. */
const NewApiKey = Schema.Struct({ id: Schema.String, name: Schema.String, scopes: Schema.Array(Scope), token: Schema.String })

/** A variable of a site's environment. Its value is never told. */
export const EnvVariable = Schema.Struct({ name: Schema.String, set_at: Time, set_by: Schema.String }).annotations({
  identifier: "EnvVariable",
})
export type EnvVariable = typeof EnvVariable.Type

/** A line of a site's log. `id` grows with time. `message` is what the code wrote, control characters included. */
export const LogEntry = Schema.Struct({
  id: Count,
  at: Time,
  level: LogLevel,
  message: Schema.String,
  /** The request that was being answered. */
  request: Schema.NullOr(Schema.String),
  /** The deploy whose code it was. */
  deploy: Schema.NullOr(Schema.String),
}).annotations({ identifier: "LogEntry" })
export type LogEntry = typeof LogEntry.Type

const ClassicLogEntry = Schema.Struct({ id: Count, level: LogLevel, message: Schema.String, created_at: Time })

/** A key of a site's store, without its value. `version` counts everything that has happened to the key. */
export const KvKey = Schema.Struct({
  key: Schema.String,
  size_bytes: Count,
  version: Count,
  updated_at: Time,
  expires_at: Schema.NullOr(Time),
}).annotations({ identifier: "KvKey" })
export type KvKey = typeof KvKey.Type

export const KvEntry = Schema.Struct({ ...KvKey.fields, value: Schema.Unknown }).annotations({ identifier: "KvEntry" })
export type KvEntry = typeof KvEntry.Type

/** What happened to a key. `large`: the value is not shown here; it can be read by its version. */
export const KvVersion = Schema.Struct({
  version: Count,
  seq: Count,
  at: Time,
  actor: Schema.String,
  cause: Schema.String,
  kind: Schema.Literal("set", "deleted", "erased"),
  value: Schema.Unknown,
  large: Schema.Boolean,
  size_bytes: Schema.NullOr(Count),
  expires_at: Schema.NullOr(Time),
}).annotations({ identifier: "KvVersion" })
export type KvVersion = typeof KvVersion.Type

export const AuditEntry = Schema.Struct({
  seq: Count,
  id: Schema.String,
  at: Time,
  site: Schema.NullOr(Schema.String),
  stream: Schema.String,
  version: Count,
  type: Schema.String,
  actor: Schema.String,
  cause: Schema.String,
  /** The event's payload; `null` once erased. */
  data: Schema.Unknown,
  hash: Schema.String,
}).annotations({ identifier: "AuditEntry" })
export type AuditEntry = typeof AuditEntry.Type

/** How far a walk along the chain has come. To go on, ask again with `after` and `hash` set to `seq` and `hash`. */
const VerifyPart = Schema.Struct({
  seq: Count,
  hash: Schema.String,
  bytes: Count,
  done: Schema.Boolean,
  head: Schema.Struct({ seq: Count, hash: Schema.String }),
  bad: Schema.NullOr(Schema.Struct({ seq: Count, reason: Schema.String })),
}).annotations({ identifier: "VerifyPart" })

const ProjectionStatus = Schema.Struct({
  name: Schema.String,
  version: Count,
  seq: Count,
  /** While it is being rebuilt: how many of the log's events have been replayed. */
  rebuilding: Schema.NullOr(Schema.Struct({ seq: Count, total: Count })),
}).annotations({ identifier: "ProjectionStatus" })

export const Status = Schema.Struct({
  status: Schema.Literal("healthy", "read_only"),
  version: Schema.String,
  domain: Schema.String,
  /** The port the server listens on; `null` when only the local socket is open. */
  port: Schema.NullOr(Count),
  uptime_seconds: Count,
  /** The chain's head: its hash commits to all of history. */
  head: Schema.Struct({ seq: Count, hash: Schema.String }),
  sites: Count,
  database: Schema.Struct({ path: Schema.String, size_bytes: Count }),
  memory_bytes: Count,
  /** Server code since the start: runs; threads that hung and were replaced; runs begun again for that, and for conflicts. */
  functions: Schema.Struct({
    runs: Count,
    killed: Count,
    requeued: Count,
    conflicts: Count,
    waiting: Count,
    images: Count,
    image_bytes: Count,
  }),
  /** Open WebSockets. */
  sockets: Count,
  /** Why the cartridge cannot be written to, if it cannot. */
  read_only: Schema.NullOr(Schema.String),
}).annotations({ identifier: "Status" })
export type Status = typeof Status.Type

/** A site's name in a path, in any case. */
const site = HttpApiSchema.param(
  "site",
  Schema.transform(Schema.String, Schema.String, { strict: true, decode: (name) => name.toLowerCase(), encode: (name) => name }),
)
const Message = Data(Schema.Struct({ message: Schema.String }))
const Limit = (max: number, byDefault: number) =>
  Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, max)), { default: () => byDefault })
const Flag = Schema.optionalWith(Schema.BooleanFromString, { default: () => false })
const Cursor = Schema.optional(Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()))
/** Seconds that an answer may wait for news. */
const Wait = Schema.optionalWith(Schema.NumberFromString.pipe(Schema.between(0, 30)), { default: () => 0 })

/** Sites and their history. Every path takes a deploy's id or any beginning of it that is unique within the site. */
class SitesGroup extends HttpApiGroup.make("sites")
  .add(
    HttpApiEndpoint.get("list", "/sites")
      .setUrlParams(Schema.Struct({ deleted: Flag }))
      .addSuccess(Data(Schema.Array(Site)))
      .middleware(MayRead),
  )
  .add(
    HttpApiEndpoint.post("create", "/sites")
      .setPayload(Schema.Struct({ site: Schema.String }))
      .addSuccess(Data(Site), { status: 201 })
      .middleware(MayDeploy),
  )
  .add(HttpApiEndpoint.get("get")`/sites/${site}`.addSuccess(Data(Site)).middleware(MayRead))
  .add(HttpApiEndpoint.del("delete")`/sites/${site}`.addSuccess(Message).middleware(MayAdminister))
  .add(HttpApiEndpoint.post("undelete")`/sites/${site}/undelete`.addSuccess(Data(Site)).middleware(MayAdminister))
  .add(HttpApiEndpoint.get("files")`/sites/${site}/files`.addSuccess(Data(Schema.Array(File))).middleware(MayRead))
  .add(
    HttpApiEndpoint.get("history")`/sites/${site}/history`
      .setUrlParams(Schema.Struct({ before: Cursor, limit: Limit(1000, 50) }))
      .addSuccess(Page(Deployment))
      .middleware(MayRead),
  )
  .add(
    HttpApiEndpoint.get("diff")`/sites/${site}/diff`
      .setUrlParams(Schema.Struct({ from: Schema.String, to: Schema.String, text: Flag }))
      .addSuccess(Data(Diff))
      .middleware(MayRead),
  )
  /** Publishes a manifest whose blobs have been uploaded. 409 `BLOBS_MISSING` names those that have not. */
  .add(
    HttpApiEndpoint.post("deploy")`/sites/${site}/deploys`
      .setPayload(DeployRequest)
      .addSuccess(Data(Deployed), { status: 201 })
      .middleware(MayDeploy),
  )
  .add(
    HttpApiEndpoint.post("rollback")`/sites/${site}/rollback`
      .setPayload(Schema.Struct({ to: Schema.optional(Schema.String) }))
      .addSuccess(Data(Site))
      .middleware(MayDeploy),
  )
  .addError(Failure) {}

/** Uploading what a deploy consists of. */
class BlobsGroup extends HttpApiGroup.make("blobs")
  .add(
    HttpApiEndpoint.post("missing", "/blobs/missing")
      .setPayload(Schema.Struct({ hashes: Schema.Array(BlobHash).pipe(Schema.maxItems(10_000)) }))
      .addSuccess(Data(Schema.Struct({ missing: Schema.Array(BlobHash) })))
      .middleware(MayDeploy),
  )
  /** Many small blobs in one request (`blobBatch.ts`): the body says how long each one is. Gives their hashes, in order. */
  .add(
    HttpApiEndpoint.post("uploadBatch", "/blobs")
      .addSuccess(Data(Schema.Struct({ hashes: Schema.Array(BlobHash) })), { status: 201 })
      .middleware(MayDeploy),
  )
  /** The body is the bytes; their SHA-256 must be the hash in the path. */
  .add(
    HttpApiEndpoint.put("upload")`/blobs/${HttpApiSchema.param("hash", BlobHash)}`
      .addSuccess(Data(Schema.Struct({ hash: BlobHash, size: Count })), { status: 201 })
      .middleware(MayDeploy),
  )
  .addError(Failure) {}

class ConfigGroup extends HttpApiGroup.make("config")
  .add(HttpApiEndpoint.get("list", "/config").addSuccess(Data(Schema.Array(ConfigEntry))))
  .add(HttpApiEndpoint.get("get")`/config/${HttpApiSchema.param("key", Schema.String)}`.addSuccess(Data(ConfigEntry)))
  .add(
    HttpApiEndpoint.put("set")`/config/${HttpApiSchema.param("key", Schema.String)}`
      .setPayload(Schema.Struct({ value: Schema.String }))
      .addSuccess(Data(ConfigEntry)),
  )
  .add(HttpApiEndpoint.del("unset")`/config/${HttpApiSchema.param("key", Schema.String)}`.addSuccess(Data(ConfigEntry)))
  .middleware(MayAdminister)
  .addError(Failure) {}

class KeysGroup extends HttpApiGroup.make("keys")
  .add(HttpApiEndpoint.get("list", "/keys").addSuccess(Data(Schema.Array(ApiKey))))
  .add(
    HttpApiEndpoint.post("create", "/keys")
      .setPayload(
        Schema.Struct({
          name: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)),
          scopes: Schema.Array(Scope).pipe(Schema.minItems(1)),
        }),
      )
      .addSuccess(Data(NewApiKey), { status: 201 }),
  )
  .add(HttpApiEndpoint.del("revoke")`/keys/${HttpApiSchema.param("id", Schema.String)}`.addSuccess(Message))
  .middleware(MayAdminister)
  .addError(Failure) {}

const variable = HttpApiSchema.param("name", Schema.String)

/** A refusal that quotes what it refuses would tell a secret. */
const SecretText = Schema.String.annotations({ message: () => "it is no text" })

/** The environment variables of sites. Values go in and never come out. */
class EnvGroup extends HttpApiGroup.make("env")
  .add(HttpApiEndpoint.get("list")`/sites/${site}/env`.addSuccess(Data(Schema.Array(EnvVariable))).middleware(MayDeploy))
  /** Sets several, all or none of them. Those that are not named stay as they are. */
  .add(
    HttpApiEndpoint.patch("setAll")`/sites/${site}/env`
      .setPayload(Schema.Struct({ values: Schema.Record({ key: Schema.String, value: SecretText }) }))
      .addSuccess(Data(Schema.Array(EnvVariable)))
      .middleware(MayAdminister),
  )
  .add(
    HttpApiEndpoint.put("set")`/sites/${site}/env/${variable}`
      .setPayload(Schema.Struct({ value: SecretText }))
      .addSuccess(Data(EnvVariable))
      .middleware(MayAdminister),
  )
  /** With `purge`, every value that the variable ever had is shredded; else they stay sealed. */
  .add(
    HttpApiEndpoint.del("unset")`/sites/${site}/env/${variable}`
      .setUrlParams(Schema.Struct({ purge: Flag }))
      .addSuccess(Message)
      .middleware(MayAdminister),
  )
  .addError(Failure) {}

/** What the code of sites wrote. */
class LogsGroup extends HttpApiGroup.make("logs")
  /**
   * A site's log, newest first; `before` pages back (`meta.next`). With `after`, oldest first from there on, and with `wait`
   * (seconds, at most 30) the answer waits for the first match: this is how to follow. `level`: that one and worse.
   */
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/logs`
      .setUrlParams(
        Schema.Struct({
          level: Schema.optional(LogLevel),
          search: Schema.optional(Schema.String.pipe(Schema.maxLength(1000))),
          request: Schema.optional(Schema.String),
          since: Schema.optional(Schema.String),
          before: Cursor,
          after: Cursor,
          wait: Wait,
          limit: Limit(1000, 50),
        }),
      )
      .addSuccess(Page(LogEntry))
      .middleware(MayDeploy),
  )
  /** The same in the form of Fazt 0.9, newest first. */
  .add(
    HttpApiEndpoint.get("classic", "/logs")
      .setUrlParams(Schema.Struct({ site_id: Schema.String, limit: Limit(1000, 50) }))
      .addSuccess(Data(Schema.Struct({ logs: Schema.Array(ClassicLogEntry) })))
      .middleware(MayDeploy),
  )
  .addError(Failure) {}

const Key = Schema.Struct({ key: Schema.String })

/** The key-value store of sites. Keys are given in the query, since they may hold slashes. */
class KvGroup extends HttpApiGroup.make("kv")
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/kv`
      .setUrlParams(
        Schema.Struct({
          prefix: Schema.optionalWith(Schema.String, { default: () => "" }),
          cursor: Schema.optional(Schema.String),
          limit: Limit(1000, 100),
        }),
      )
      .addSuccess(Page(KvKey))
      .middleware(MayDeploy),
  )
  /** The value as it is now or, with `version`, as it was then. */
  .add(
    HttpApiEndpoint.get("get")`/sites/${site}/kv/value`
      .setUrlParams(Schema.Struct({ ...Key.fields, version: Cursor }))
      .addSuccess(Data(KvEntry))
      .middleware(MayDeploy),
  )
  .add(
    HttpApiEndpoint.put("set")`/sites/${site}/kv/value`
      .setUrlParams(Key)
      .setPayload(
        Schema.Struct({
          value: Schema.optional(Schema.Unknown),
          ttl_ms: Schema.optional(Schema.Int.pipe(Schema.between(1, 1e15))),
        }),
      )
      .addSuccess(Data(KvKey))
      .middleware(MayAdminister),
  )
  .add(HttpApiEndpoint.del("delete")`/sites/${site}/kv/value`.setUrlParams(Key).addSuccess(Message).middleware(MayAdminister))
  /** Everything that happened to a key, newest first; `before` (a version) pages back. */
  .add(
    HttpApiEndpoint.get("history")`/sites/${site}/kv/history`
      .setUrlParams(Schema.Struct({ ...Key.fields, before: Cursor, limit: Limit(1000, 50) }))
      .addSuccess(Page(KvVersion))
      .middleware(MayDeploy),
  )
  .addError(Failure) {}

class AuditGroup extends HttpApiGroup.make("audit")
  /**
   * Events, newest first; `before` pages back (`meta.next`). With `after`, oldest first from there on, and with `wait` (seconds, at
   * most 30) the answer waits for the first match: this is how to follow. `since` and `until`: `2h`, `7d` or a date.
   */
  .add(
    HttpApiEndpoint.get("list", "/audit")
      .setUrlParams(
        Schema.Struct({
          site: Schema.optional(Schema.String),
          stream: Schema.optional(Schema.String),
          type: Schema.optional(Schema.String),
          actor: Schema.optional(Schema.String),
          since: Schema.optional(Schema.String),
          until: Schema.optional(Schema.String),
          before: Cursor,
          after: Cursor,
          wait: Wait,
          limit: Limit(1000, 50),
        }),
      )
      .addSuccess(Page(AuditEntry)),
  )
  /** Walks part of the chain, from behind event `after`, whose hash is `hash`. */
  .add(
    HttpApiEndpoint.get("verify", "/audit/verify")
      .setUrlParams(Schema.Struct({ after: Cursor, hash: Schema.optional(BlobHash) }))
      .addSuccess(Data(VerifyPart)),
  )
  .middleware(MayAdminister)
  .addError(Failure) {}

class ServerGroup extends HttpApiGroup.make("server")
  .add(HttpApiEndpoint.get("status", "/status").addSuccess(Data(Status)).middleware(MayRead))
  .add(
    HttpApiEndpoint.get("projections", "/projections")
      .addSuccess(Data(Schema.Array(ProjectionStatus)))
      .middleware(MayAdminister),
  )
  /** Starts to rebuild some or all projections from the log; `GET /api/projections` shows how far it is. The old rows keep serving. */
  .add(
    HttpApiEndpoint.post("rebuild", "/projections/rebuild")
      .setPayload(Schema.Struct({ projections: Schema.optional(Schema.Array(Schema.String)) }))
      .addSuccess(Data(Schema.Struct({ projections: Schema.Array(Schema.String) })), { status: 202 })
      .middleware(MayAdminister),
  )
  .addError(Failure) {}

/** The admin API: one value that the server implements, the CLI calls and OpenAPI describes. */
export class Api extends HttpApi.make("fazt")
  .add(SitesGroup)
  .add(BlobsGroup)
  .add(ConfigGroup)
  .add(KeysGroup)
  .add(AuditGroup)
  .add(ServerGroup)
  .add(EnvGroup)
  .add(LogsGroup)
  .add(KvGroup)
  .prefix("/api")
  .annotate(OpenApi.Title, "Fazt API")
  .annotate(OpenApi.Version, version)
  .annotate(
    OpenApi.Description,
    "Deploys, history, rollback, audit and settings of one Fazt server. Authenticate with `Authorization: Bearer <api key>`.",
  ) {}
