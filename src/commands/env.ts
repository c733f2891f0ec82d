import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type EnvEvent, EnvName, envStream } from "../events/env.ts"
import { SiteName } from "../events/site.ts"
import type { Decider } from "./decider.ts"
import { issue } from "./issue.ts"

/** Names that programs and libraries take their own meaning from: a site must not seem to change them. */
const deniedNames: ReadonlySet<string> = new Set([
  "PATH",
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "HOME",
  "USER",
  "SHELL",
  "PWD",
  "TERM",
  "LANG",
  "LC_ALL",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "NODE_OPTIONS",
  "NODE_PATH",
])

/** Variables that one site may have. */
export const maxVariables = 256

/** The longest value, in bytes of UTF-8. */
export const maxValueBytes = 64 * 1024

export class EnvNameInvalid extends Schema.TaggedError<EnvNameInvalid>()("EnvNameInvalid", { name: Schema.String, reason: Schema.String }) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  get details() {
    return issue("name", this.reason)
  }
  override get message(): string {
    return `${JSON.stringify(this.name.slice(0, 40))} cannot be a variable's name: ${this.reason}`
  }
}

/** The value itself is a secret, so it is never part of the message. */
export class EnvValueInvalid extends Schema.TaggedError<EnvValueInvalid>()("EnvValueInvalid", {
  name: Schema.String,
  reason: Schema.String,
}) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  get details() {
    return issue("value", this.reason)
  }
  override get message(): string {
    return `${this.name} cannot have that value: ${this.reason}`
  }
}

export class TooManyVariables extends Schema.TaggedError<TooManyVariables>()("TooManyVariables", { site: Schema.String }) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  get details() {
    return issue("values", `at most ${maxVariables} variables`)
  }
  override get message(): string {
    return `The site ${this.site} would have more than ${maxVariables} variables. Unset some first, or keep the values in its storage.`
  }
}

export class EnvNotFound extends Schema.TaggedError<EnvNotFound>()("EnvNotFound", { site: Schema.String, name: Schema.String }) {
  readonly code = "ENV_NOT_FOUND"
  readonly status = 404
  override get message(): string {
    return `The site ${this.site} never had a variable ${this.name}. \`fazt env list ${this.site}\` shows those it has.`
  }
}

export const EnvError = Schema.Union(EnvNameInvalid, EnvValueInvalid, TooManyVariables, EnvNotFound)
export type EnvError = typeof EnvError.Type

/** Gives variables values, all or none of them. Each `ref` is new, and names the vault entry that holds the value. */
export const SetEnv = Schema.TaggedStruct("SetEnv", {
  site: SiteName,
  values: Schema.Array(Schema.Struct({ name: Schema.String, ref: Schema.String })),
})
/** Takes a variable away; `purge` also shreds every value that it ever had. */
export const UnsetEnv = Schema.TaggedStruct("UnsetEnv", { site: SiteName, name: Schema.String, purge: Schema.Boolean })
export const EnvCommand = Schema.Union(SetEnv, UnsetEnv)
export type EnvCommand = typeof EnvCommand.Type

/** Why a variable cannot be called that, if it cannot. */
export const envNameProblem = (name: string): string | undefined => {
  if (deniedNames.has(name)) return "the name means something to programs and libraries. Use another."
  if (!Schema.is(EnvName)(name)) return "use at most 128 capital letters, digits and underscores, beginning with a letter."
  return undefined
}

/** Why a variable cannot have that value, if it cannot. The answer tells nothing of the value. */
export const envValueProblem = (value: string): string | undefined => {
  if (value.includes("\0")) return "it holds a NUL character."
  if (Buffer.byteLength(value) > maxValueBytes) return `it is larger than ${maxValueBytes} bytes.`
  return undefined
}

interface Variable {
  readonly isSet: boolean
  /** What the vault still holds of it. */
  readonly refs: ReadonlyArray<string>
}

/** Every variable that ever was. */
type EnvState = HashMap.HashMap<string, Variable>

const set = ({ site, values }: typeof SetEnv.Type, state: EnvState): Either.Either<ReadonlyArray<EnvEvent>, EnvError> => {
  for (const { name } of values) {
    const reason = envNameProblem(name)
    if (reason !== undefined) return Either.left(new EnvNameInvalid({ name, reason }))
  }
  const after = new Set(values.map(({ name }) => name))
  for (const [name, { isSet }] of state) if (isSet) after.add(name)
  if (after.size > maxVariables) return Either.left(new TooManyVariables({ site }))
  return Either.right(values.map(({ name, ref }) => ({ type: "v1.EnvSet", data: { site, name, ref } })))
}

const unset = ({ site, name, purge }: typeof UnsetEnv.Type, state: EnvState): Either.Either<ReadonlyArray<EnvEvent>, EnvError> => {
  const variable = Option.getOrUndefined(HashMap.get(state, name))
  if (variable === undefined) return Either.left(new EnvNotFound({ site, name }))
  const events: Array<EnvEvent> = []
  if (variable.isSet) events.push({ type: "v1.EnvUnset", data: { site, name } })
  if (purge && variable.refs.length > 0) events.push({ type: "v1.EnvPurged", data: { site, name, refs: variable.refs } })
  return Either.right(events)
}

export const envDecider: Decider<EnvCommand, EnvState, EnvEvent, EnvError> = {
  stream: (command) => envStream(command.site),

  initial: HashMap.empty(),

  decide: (command, state) => (command._tag === "SetEnv" ? set(command, state) : unset(command, state)),

  evolve: (state, event) => {
    const { name } = event.data
    const refs = Option.match(HashMap.get(state, name), { onNone: () => [], onSome: (variable) => variable.refs })
    switch (event.type) {
      case "v1.EnvSet":
        return HashMap.set(state, name, { isSet: true, refs: [...refs, event.data.ref] })
      case "v1.EnvUnset":
        return HashMap.set(state, name, { isSet: false, refs })
      case "v1.EnvPurged":
        return HashMap.set(state, name, { isSet: false, refs: [] })
    }
  },
}
