import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import { describe, expect, it } from "@effect/vitest"
import * as ConfigError from "effect/ConfigError"
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { CliError, failed, usageError } from "../../src/cli/errors.ts"
import { exitCodeMeanings, exitCodes } from "../../src/cli/exitCodes.ts"
import { problemOf } from "../../src/cli/problem.ts"
import { toFailure } from "../../src/http/api/envelope.ts"

describe("the exit code", () => {
  it.each([
    [400, 1],
    [401, 4],
    [403, 4],
    [404, 3],
    [409, 5],
    [413, 1],
    [429, 1],
    [500, 1],
    [503, 1],
    [507, 1],
  ])("for an API failure with status %d is %d", (status, exitCode) => {
    const failure = toFailure({ code: "SOME_CODE", message: "why", details: { a: 1 }, status })
    expect(problemOf(failure)).toMatchObject({ code: "SOME_CODE", message: "why", details: { a: 1 }, exitCode })
  })

  it("is explained for every code there is, once", () => {
    expect(exitCodeMeanings.map(([code]) => code).toSorted((a, b) => a - b)).toEqual(Object.values(exitCodes).toSorted((a, b) => a - b))
  })
})

class CartridgeLocked extends Data.TaggedError("CartridgeLocked")<{ readonly message: string }> {}

describe("a problem", () => {
  it("is what the CLI found, message and all", () => {
    expect({ ...problemOf(usageError("wrong", "like this")) }).toEqual({ code: "USAGE", message: "wrong", hint: "like this", exitCode: 2 })
    expect({ ...problemOf(failed("X", "why")) }).toEqual({ code: "X", message: "why", exitCode: 1 })
    const details = new CliError({ code: "X", message: "why", details: [1], exitCode: 7 })
    expect({ ...problemOf(details) }).toEqual({ code: "X", message: "why", details: [1], exitCode: 7 })
  })

  it.each([
    ["Expected to find option: '--name'", "the option --name is missing"],
    ["Missing argument <site>", "the argument <site> is missing"],
    ["Received unknown argument: '--bogus'", "unknown argument '--bogus'"],
    ["Invalid subcommand for fazt - use one of 'a', 'b'", "an argument was not understood"],
    ["--limit must be between 1 and 10", "--limit must be between 1 and 10"],
    ["'abc' is not a integer", "'abc' is not a whole number"],
    [
      "{ string | filter }\n└─ Predicate refinement failure\n   └─ --expires is a number of days such as 30d",
      "--expires is a number of days such as 30d",
    ],
  ])("is wrong usage when the library says %j", (said, message) => {
    expect(problemOf(ValidationError.invalidValue(HelpDoc.p(said)))).toEqual({ code: "USAGE", message, exitCode: 2 })
  })

  it("is wrong usage when the environment is wrong", () => {
    const problem = problemOf(ConfigError.InvalidData(["FAZT_PORT"], "not a number"))
    expect(problem).toEqual({ code: "USAGE", message: "in the environment: FAZT_PORT: not a number", exitCode: 2 })
  })

  it("has the code of its name when it comes from the server's parts", () => {
    const problem = problemOf(new CartridgeLocked({ message: "in use" }))
    expect(problem).toEqual({ code: "CARTRIDGE_LOCKED", message: "in use", exitCode: 1 })
  })

  it("says so when an answer was not understood", () => {
    const error = Either.getOrThrow(Either.flip(Schema.decodeUnknownEither(Schema.Struct({ a: Schema.String }))({})))
    expect(problemOf(error)).toMatchObject({ code: "UNEXPECTED_ANSWER", exitCode: 1, hint: expect.stringContaining("version") })
  })

  it("tells how to get a key when there is none, or a better one", () => {
    const hint = (status: number, message = "", code = "X") => problemOf(toFailure({ code, message, status })).hint
    expect(hint(401)).toContain("fazt login <server>")
    expect(hint(401)).toContain("fazt keys create")
    expect(hint(401, "", "INVALID_CREDENTIALS")).toBeUndefined()
    expect(hint(403, "This key has no scope for it: it needs kv or admin.")).toContain("fazt keys create --name <name> --scopes <scope>")
    expect(hint(403, "The role viewer does not allow this (env.read).")).toBeUndefined()
    expect(hint(404)).toBeUndefined()
  })
})
