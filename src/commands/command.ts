import * as Schema from "effect/Schema"
import type { Event } from "../events/event.ts"
import { AccessCommand, AccessError, accessDecider } from "./access.ts"
import { ConfigCommand, ConfigError, configDecider } from "./config.ts"
import type { Decider } from "./decider.ts"
import { EnvCommand, EnvError, envDecider } from "./env.ts"
import { SiteCommand, SiteError, siteDecider } from "./site.ts"

/** Every intention that can be decided into events. */
export const Command = Schema.Union(SiteCommand, ConfigCommand, AccessCommand, EnvCommand)
export type Command = typeof Command.Type

/** Why a command can be refused. */
export const CommandError = Schema.Union(SiteError, ConfigError, AccessError, EnvError)
export type CommandError = typeof CommandError.Type

export type AnyDecider = Decider<Command, unknown, Event, CommandError>

const site = siteDecider as AnyDecider
const config = configDecider as AnyDecider
const access = accessDecider as AnyDecider
const env = envDecider as AnyDecider

const deciders: Readonly<Record<Command["_tag"], AnyDecider>> = {
  CreateSite: site,
  DeploySite: site,
  RollBackSite: site,
  DeleteSite: site,
  UndeleteSite: site,
  SetConfig: config,
  UnsetConfig: config,
  EnrollOwner: access,
  CreateKey: access,
  RevokeKey: access,
  SetEnv: env,
  UnsetEnv: env,
}

/** The decider that a command belongs to. */
export const deciderFor = (command: Command): AnyDecider => deciders[command._tag]
