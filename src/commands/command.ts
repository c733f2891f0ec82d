import * as Schema from "effect/Schema"
import type { Event } from "../events/event.ts"
import { AccountError } from "./accountErrors.ts"
import { AccountCommand, accountsDecider } from "./accounts.ts"
import { ConfigCommand, ConfigError, configDecider } from "./config.ts"
import type { Decider } from "./decider.ts"
import { EnvCommand, EnvError, envDecider } from "./env.ts"
import { KeyCommand, KeyNotFound, keyDecider } from "./keys.ts"
import { SessionCommand, SessionNotFound, sessionDecider } from "./sessions.ts"
import { SiteCommand, SiteError, siteDecider } from "./site.ts"

/** Every intention that can be decided into events. */
export const Command = Schema.Union(SiteCommand, ConfigCommand, AccountCommand, KeyCommand, SessionCommand, EnvCommand)
export type Command = typeof Command.Type

/** Why a command can be refused. */
export const CommandError = Schema.Union(SiteError, ConfigError, AccountError, KeyNotFound, SessionNotFound, EnvError)
export type CommandError = typeof CommandError.Type

export type AnyDecider = Decider<Command, unknown, Event, CommandError>

const site = siteDecider as AnyDecider
const config = configDecider as AnyDecider
const accounts = accountsDecider as AnyDecider
const key = keyDecider as AnyDecider
const session = sessionDecider as AnyDecider
const env = envDecider as AnyDecider

const deciders: Readonly<Record<Command["_tag"], AnyDecider>> = {
  CreateSite: site,
  DeploySite: site,
  RollBackSite: site,
  DeleteSite: site,
  UndeleteSite: site,
  SetSiteCors: site,
  UnsetSiteCors: site,
  SetConfig: config,
  UnsetConfig: config,
  EnrollOwner: accounts,
  InviteUser: accounts,
  RevokeInvitation: accounts,
  AcceptInvitation: accounts,
  ChangeRole: accounts,
  RemoveUser: accounts,
  ChangePassword: accounts,
  RehashPassword: accounts,
  EnableTotp: accounts,
  DisableTotp: accounts,
  ResetFactors: accounts,
  RenewRecoveryCodes: accounts,
  UseTotp: accounts,
  UseRecoveryCode: accounts,
  AddPasskey: accounts,
  UsePasskey: accounts,
  RemovePasskey: accounts,
  CreateKey: key,
  RevokeKey: key,
  UseKey: key,
  StartSession: session,
  SeeSession: session,
  EndSession: session,
  RecordFailedLogin: session,
  SetEnv: env,
  UnsetEnv: env,
}

/** The decider that a command belongs to. */
export const deciderFor = (command: Command): AnyDecider => deciders[command._tag]
