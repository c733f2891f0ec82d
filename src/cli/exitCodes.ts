/** The exit codes: a contract with scripts, printed by `fazt --help`. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  notAuthorised: 4,
  conflict: 5,
  unreachable: 6,
  verificationFailed: 7,
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodeMeanings: ReadonlyArray<readonly [ExitCode, string]> = [
  [exitCodes.ok, "done"],
  [exitCodes.failure, "failed"],
  [exitCodes.usage, "wrong usage: unknown command, missing or malformed option"],
  [exitCodes.notFound, "not found (404)"],
  [exitCodes.notAuthorised, "not authorised (401, 403)"],
  [exitCodes.conflict, "conflict (409)"],
  [exitCodes.unreachable, "cannot reach the server"],
  [exitCodes.verificationFailed, "audit verify found a bad event"],
  [exitCodes.interrupted, "interrupted"],
]

/** The exit code that tells of a failure the API answered with. */
export const exitCodeOfFailure = (tag: string): ExitCode => {
  switch (tag) {
    case "NotFound":
      return exitCodes.notFound
    case "Unauthorized":
    case "Forbidden":
      return exitCodes.notAuthorised
    case "Conflict":
      return exitCodes.conflict
    default:
      return exitCodes.failure
  }
}
