import { stripVTControlCharacters } from "node:util"
import * as HelpDoc from "@effect/cli/HelpDoc"
import { isValidationError } from "@effect/cli/ValidationError"
import * as ConfigError from "effect/ConfigError"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import { CliError, messageOf, type Problem, systemCode } from "./errors.ts"
import { exitCodeOfFailure, exitCodes } from "./exitCodes.ts"

/** What to tell of a failure, whoever it comes from: the API, the command line, the server's parts, the network. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof CliError) {
    const { code, message, details, hint, exitCode } = error
    return { code, message, exitCode, ...(details === undefined ? {} : { details }), ...(hint === undefined ? {} : { hint }) }
  }
  if (isValidationError(error)) return { code: "USAGE", message: helpText(error.error), exitCode: exitCodes.usage }
  if (ConfigError.isConfigError(error))
    return { code: "USAGE", message: `in the environment: ${configText(error)}`, exitCode: exitCodes.usage }
  if (ParseResult.isParseError(error)) return notUnderstood(error.message)
  if (Predicate.isTagged(error, "QuitException")) return { code: "INTERRUPTED", message: "interrupted", exitCode: exitCodes.interrupted }
  if (Predicate.isTagged(error, "ResponseError")) return notUnderstood(messageOf(error))
  if (isFailure(error)) return { ...pick(error), exitCode: exitCodeOfFailure(error._tag), ...hintOf(error) }
  return { code: codeOf(error), message: messageOf(error), exitCode: exitCodes.failure }
}

/** The failures the API answers with (`envelope.ts`), recognised by their shape. */
interface Failure {
  readonly _tag: string
  readonly code: string
  readonly message: string
  readonly details?: unknown
}

const isFailure = (error: unknown): error is Failure =>
  Predicate.hasProperty(error, "_tag") &&
  Predicate.hasProperty(error, "code") &&
  Predicate.isString(error.code) &&
  Predicate.hasProperty(error, "message")

const pick = ({ code, message, details }: Failure) => ({ code, message, ...(details === undefined ? {} : { details }) })

const hintOf = ({ _tag, code, message }: Failure): { readonly hint?: string } => {
  switch (_tag) {
    case "Unauthorized":
      // Who logs in has a password, not a key.
      if (code === "INVALID_CREDENTIALS" || code === "SECOND_FACTOR_REQUIRED") return {}
      return {
        hint: "log in with `fazt login <server>`, or make a key on the server with `fazt keys create --name <name>` and give it with --token, FAZT_TOKEN or `fazt peer add <name> --url <url> --token <key>`",
      }
    case "Forbidden":
      return /\bscope\b/.test(message) ? { hint: "make a key that may do this with `fazt keys create --name <name> --scopes <scope>`" } : {}
    case "TooManyRequests":
    case "Unavailable":
      return { hint: "try again in a moment" }
    default:
      return {}
  }
}

const notUnderstood = (why: string): Problem => ({
  code: "UNEXPECTED_ANSWER",
  message: `the server's answer was not understood: ${why.split("\n", 1)[0]}`,
  details: why,
  hint: "are this program and the server of the same version?",
  exitCode: exitCodes.failure,
})

/** `CartridgeLocked` → `CARTRIDGE_LOCKED`. */
const codeOf = (error: unknown): string => {
  const name = Predicate.hasProperty(error, "_tag") && Predicate.isString(error._tag) ? error._tag : undefined
  return name?.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase() ?? systemCode(error) ?? "FAILED"
}

/** What the library says of a wrong command line, in words that fit the rest. */
const helpText = (doc: HelpDoc.HelpDoc): string =>
  stripVTControlCharacters(HelpDoc.toAnsiText(doc))
    .trim()
    .replaceAll(/\s+/g, " ")
    // The way through the schema that led to what is said.
    .replace(/^.*└─ /, "")
    .replace(/^Expected to find option: '(.+)'$/, "the option $1 is missing")
    .replace(/^Missing argument (.+)$/, "the argument $1 is missing")
    .replace(/^Received unknown argument: /, "unknown argument ")
    .replace(/ is not a integer$/, " is not a whole number")
    .replace(/^Invalid subcommand for .*$/, "an argument was not understood")

const configText = (error: ConfigError.ConfigError): string =>
  "message" in error && "path" in error ? `${error.path.join("_")}: ${error.message}` : String(error)
