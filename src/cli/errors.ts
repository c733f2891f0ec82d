import * as Data from "effect/Data"
import { type ExitCode, exitCodes } from "./exitCodes.ts"

/** What went wrong, as the CLI tells it: a stable code for programs, a message and perhaps a hint for people. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly details?: unknown
  readonly hint?: string
  readonly exitCode: ExitCode
}

/** A failure that the CLI itself found. */
export class CliError extends Data.TaggedError("CliError")<Problem> {}

export const usageError = (message: string, hint?: string): CliError =>
  new CliError({ code: "USAGE", message, exitCode: exitCodes.usage, ...(hint === undefined ? {} : { hint }) })

export const failed = (code: string, message: string, hint?: string): CliError =>
  new CliError({ code, message, exitCode: exitCodes.failure, ...(hint === undefined ? {} : { hint }) })

/** The message of anything thrown. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The code of a Node system error, such as `ENOENT`. */
export const systemCode = (cause: unknown): string | undefined =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
