import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { canonicalJson } from "../events/chain.ts"
import { BlobHash, DeployId, DeploySource, SiteCors, type SiteEvent, SiteName, siteStream } from "../events/site.ts"
import type { Decider } from "./decider.ts"
import { issue } from "./issue.ts"
import { corsProblem } from "./siteCors.ts"

const reservedNames: ReadonlySet<string> = new Set(["www", "api", "mail", "ftp", "smtp", "pop", "imap", "ns1", "ns2", "localhost", "admin"])

/** The name is no DNS label, or it is reserved. */
export class SiteNameInvalid extends Schema.TaggedError<SiteNameInvalid>()("SiteNameInvalid", {
  site: Schema.String,
  reason: Schema.String,
}) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  get details() {
    return issue("site", this.reason)
  }
  override get message(): string {
    return `${JSON.stringify(this.site.slice(0, 80))} cannot be a site's name: ${this.reason}`
  }
}

export class SiteNotFound extends Schema.TaggedError<SiteNotFound>()("SiteNotFound", { site: Schema.String }) {
  readonly code = "SITE_NOT_FOUND"
  readonly status = 404
  override get message(): string {
    return `There is no site called ${this.site}.`
  }
}

export class SiteExists extends Schema.TaggedError<SiteExists>()("SiteExists", { site: Schema.String }) {
  readonly code = "CONFLICT"
  readonly status = 409
  override get message(): string {
    return `The site ${this.site} exists already.`
  }
}

export class DeployNotFound extends Schema.TaggedError<DeployNotFound>()("DeployNotFound", { site: Schema.String, deploy: Schema.String }) {
  readonly code = "DEPLOY_NOT_FOUND"
  readonly status = 404
  override get message(): string {
    return `The site ${this.site} has no deploy ${this.deploy}. \`fazt history ${this.site}\` lists them.`
  }
}

export class DeployExists extends Schema.TaggedError<DeployExists>()("DeployExists", { site: Schema.String, deploy: Schema.String }) {
  readonly code = "CONFLICT"
  readonly status = 409
  override get message(): string {
    return `The site ${this.site} already has a deploy ${this.deploy}.`
  }
}

export class NoEarlierDeploy extends Schema.TaggedError<NoEarlierDeploy>()("NoEarlierDeploy", { site: Schema.String }) {
  readonly code = "CONFLICT"
  readonly status = 409
  override get message(): string {
    return `The site ${this.site} has no deploy before the live one to roll back to. Name another with --to.`
  }
}

export class SiteCorsInvalid extends Schema.TaggedError<SiteCorsInvalid>()("SiteCorsInvalid", {
  field: Schema.String,
  reason: Schema.String,
}) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  get details() {
    return issue(this.field, this.reason)
  }
  override get message(): string {
    return this.reason
  }
}

export const SiteError = Schema.Union(
  SiteNameInvalid,
  SiteNotFound,
  SiteExists,
  DeployNotFound,
  DeployExists,
  NoEarlierDeploy,
  SiteCorsInvalid,
)
export type SiteError = typeof SiteError.Type

export const CreateSite = Schema.TaggedStruct("CreateSite", { site: Schema.String })

/** Publishes the manifest as deploy `deploy`, creating or undeleting the site if need be. Its blobs are stored already. */
export const DeploySite = Schema.TaggedStruct("DeploySite", {
  site: Schema.String,
  deploy: DeployId,
  manifest: BlobHash,
  files: Schema.Int,
  bytes: Schema.Int,
  source: DeploySource,
  message: Schema.optional(Schema.String),
})

/** Makes an earlier deploy live again; without `to`, the one that was live when the live one was published. */
export const RollBackSite = Schema.TaggedStruct("RollBackSite", { site: Schema.String, to: Schema.optional(Schema.String) })
export const DeleteSite = Schema.TaggedStruct("DeleteSite", { site: Schema.String })
export const UndeleteSite = Schema.TaggedStruct("UndeleteSite", { site: Schema.String })

/** Lets pages of other origins call the site's own code. Also of a deleted site, which may come back. */
export const SetSiteCors = Schema.TaggedStruct("SetSiteCors", { site: Schema.String, cors: SiteCors })
export const UnsetSiteCors = Schema.TaggedStruct("UnsetSiteCors", { site: Schema.String })

export const SiteCommand = Schema.Union(CreateSite, DeploySite, RollBackSite, DeleteSite, UndeleteSite, SetSiteCors, UnsetSiteCors)
export type SiteCommand = typeof SiteCommand.Type

interface Deploy {
  readonly manifest: string
  /** What was live when this one was published: where a rollback leads that names no deploy. */
  readonly previous: string | undefined
}

export interface SiteState {
  readonly status: "absent" | "present" | "deleted"
  readonly live: string | undefined
  readonly deploys: HashMap.HashMap<string, Deploy>
  readonly cors: SiteCors | undefined
}

/** Why the name cannot be a site's, if it cannot. */
export const siteNameProblem = (name: string): string | undefined => {
  if (reservedNames.has(name)) return "the name is reserved."
  if (!Schema.is(SiteName)(name)) return "use 1 to 63 lower-case letters, digits and hyphens, with no hyphen at either end."
  return undefined
}

const findDeploy = (state: SiteState, id: string): Deploy | undefined => Option.getOrUndefined(HashMap.get(state.deploys, id))

const fail = <E extends SiteError>(error: E) => Either.left(error)

const events = (...list: ReadonlyArray<SiteEvent>): Either.Either<ReadonlyArray<SiteEvent>, never> => Either.right(list)

const created = (site: string): SiteEvent => ({ type: "v1.SiteCreated", data: { site } })

const undeleted = (site: string, state: SiteState): SiteEvent => ({
  type: "v1.SiteUndeleted",
  data: {
    site,
    deploy: state.live ?? null,
    manifest: state.live === undefined ? null : findDeploy(state, state.live)!.manifest,
  },
})

const deploySite = (command: typeof DeploySite.Type, state: SiteState): Either.Either<ReadonlyArray<SiteEvent>, SiteError> => {
  const { _tag, ...data } = command
  const { site, deploy } = data
  if (findDeploy(state, deploy) !== undefined) return fail(new DeployExists({ site, deploy }))
  const deployed: SiteEvent = { type: "v1.SiteDeployed", data }
  if (state.status === "absent") return events(created(site), deployed)
  if (state.status === "deleted") return events(undeleted(site, state), deployed)
  return events(deployed)
}

const rollBack = ({ site, to }: typeof RollBackSite.Type, state: SiteState): Either.Either<ReadonlyArray<SiteEvent>, SiteError> => {
  if (state.status !== "present") return fail(new SiteNotFound({ site }))
  const { live } = state
  const target = to ?? (live === undefined ? undefined : findDeploy(state, live)?.previous)
  if (target === undefined || live === undefined) return fail(new NoEarlierDeploy({ site }))
  const deploy = findDeploy(state, target)
  if (deploy === undefined) return fail(new DeployNotFound({ site, deploy: target }))
  if (target === live) return events()
  return events({ type: "v1.SiteRolledBack", data: { site, from: live, to: target, manifest: deploy.manifest } })
}

const setCors = ({ site, cors }: typeof SetSiteCors.Type, state: SiteState): Either.Either<ReadonlyArray<SiteEvent>, SiteError> => {
  if (state.status === "absent") return fail(new SiteNotFound({ site }))
  const problem = corsProblem(cors)
  if (problem !== undefined) return fail(new SiteCorsInvalid(problem))
  const isSame = state.cors !== undefined && canonicalJson(state.cors) === canonicalJson(cors)
  return isSame ? events() : events({ type: "v1.SiteCorsSet", data: { site, ...cors } })
}

export const siteDecider: Decider<SiteCommand, SiteState, SiteEvent, SiteError> = {
  stream: (command) => siteStream(command.site),

  initial: { status: "absent", live: undefined, deploys: HashMap.empty(), cors: undefined },

  decide: (command, state) => {
    const { site } = command
    const problem = siteNameProblem(site)
    if (problem !== undefined) return fail(new SiteNameInvalid({ site, reason: problem }))
    switch (command._tag) {
      case "CreateSite":
        if (state.status === "present") return fail(new SiteExists({ site }))
        return events(state.status === "absent" ? created(site) : undeleted(site, state))
      case "DeploySite":
        return deploySite(command, state)
      case "RollBackSite":
        return rollBack(command, state)
      case "DeleteSite":
        if (state.status === "absent") return fail(new SiteNotFound({ site }))
        return state.status === "deleted" ? events() : events({ type: "v1.SiteDeleted", data: { site } })
      case "UndeleteSite":
        if (state.status === "absent") return fail(new SiteNotFound({ site }))
        return state.status === "present" ? events() : events(undeleted(site, state))
      case "SetSiteCors":
        return setCors(command, state)
      case "UnsetSiteCors":
        if (state.status === "absent") return fail(new SiteNotFound({ site }))
        return state.cors === undefined ? events() : events({ type: "v1.SiteCorsUnset", data: { site } })
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case "v1.SiteCreated":
        return { ...state, status: "present" }
      case "v1.SiteDeployed": {
        const { deploy, manifest } = event.data
        const deploys = HashMap.set(state.deploys, deploy, { manifest, previous: state.live })
        return { ...state, live: deploy, deploys }
      }
      case "v1.SiteRolledBack":
        return { ...state, live: event.data.to }
      case "v1.SiteDeleted":
        return { ...state, status: "deleted" }
      case "v1.SiteUndeleted":
        return { ...state, status: "present" }
      case "v1.SiteCorsSet": {
        const { site: _, ...cors } = event.data
        return { ...state, cors }
      }
      case "v1.SiteCorsUnset":
        return { ...state, cors: undefined }
    }
  },
}
