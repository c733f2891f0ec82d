import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"

export const blobHashPattern = /^[0-9a-f]{64}$/
export const siteNamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** A blob's name: its SHA-256 in lower-case hexadecimal. */
export const BlobHash = Schema.String.pipe(Schema.pattern(blobHashPattern)).annotations({ identifier: "BlobHash" })

/** A site's name: one lower-case DNS label. */
export const SiteName = Schema.String.pipe(Schema.pattern(siteNamePattern)).annotations({ identifier: "SiteName" })

/** A deploy's name within its site: ten lower-case letters and digits, not guessable, so that past deploys are not enumerable. */
export const DeployId = Schema.String.pipe(Schema.pattern(/^[a-z0-9]{10}$/)).annotations({ identifier: "DeployId" })

/** Where a deploy came from. `kind`: `cli`, `api`, `zip`, `seed`, `git` …; the rest as the client told it. */
export const DeploySource = Schema.Struct({
  kind: Schema.String.pipe(Schema.maxLength(32)),
  url: Schema.optional(Schema.String.pipe(Schema.maxLength(2048))),
  ref: Schema.optional(Schema.String.pipe(Schema.maxLength(256))),
  commit: Schema.optional(Schema.String.pipe(Schema.maxLength(256))),
})
export type DeploySource = typeof DeploySource.Type

const Count = Schema.Int.pipe(Schema.nonNegative())

const Names = Schema.Array(Schema.String.pipe(Schema.maxLength(300)))

/**
 * Which pages of other origins may call a site's own code, and how: the CORS protocol of the Fetch standard. `origins` is `["*"]` for all.
 * Without `methods` or `headers` all that a browser asks for are allowed. `maxAge`: seconds that a browser may rely on the answer.
 */
export const SiteCors = Schema.Struct({
  origins: Names,
  methods: Schema.optionalWith(Names, { exact: true }),
  headers: Schema.optionalWith(Names, { exact: true }),
  credentials: Schema.Boolean,
  maxAge: Schema.optionalWith(Count, { exact: true }),
})
export type SiteCors = typeof SiteCors.Type

export const siteEvents = [
  /** A site's name was taken; it shows nothing until its first deploy. */
  defineEvent("v1.SiteCreated", { site: SiteName }),
  /** A deploy was published and became live. `manifest` is the blob that says what it consists of; `bytes` its files' total size. */
  defineEvent("v1.SiteDeployed", {
    site: SiteName,
    deploy: DeployId,
    manifest: BlobHash,
    files: Count,
    bytes: Count,
    source: DeploySource,
    message: Schema.optional(Schema.String),
  }),
  /** An earlier deploy became live again. */
  defineEvent("v1.SiteRolledBack", { site: SiteName, from: DeployId, to: DeployId, manifest: BlobHash }),
  /** The site stopped being served; its history stays. */
  defineEvent("v1.SiteDeleted", { site: SiteName }),
  /** A deleted site is served again, with the deploy that was live when it was deleted (none if it never had one). */
  defineEvent("v1.SiteUndeleted", { site: SiteName, deploy: Schema.NullOr(DeployId), manifest: Schema.NullOr(BlobHash) }),
  /** Pages of these origins may call the site's own code from now on, instead of those that could before. */
  defineEvent("v1.SiteCorsSet", { site: SiteName, ...SiteCors.fields }),
  /** No page of another origin may call it any more, as far as the server has a say. */
  defineEvent("v1.SiteCorsUnset", { site: SiteName }),
] as const

export type SiteEvent = EventOf<(typeof siteEvents)[number]>

/** The stream of one site. */
export const siteStream = (site: string): string => `site/${site}`
