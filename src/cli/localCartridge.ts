import { existsSync } from "node:fs"
import { connect } from "node:net"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { type Environment, localSocket } from "../config.ts"
import { CliError, failed, messageOf, systemCode } from "./errors.ts"
import { exitCodes } from "./exitCodes.ts"
import { problemOf } from "./problem.ts"

/**
 * Makes sure that somebody serves the cartridge on its local socket: the server that runs, another command, or else, if it
 * may, this process until the scope closes.
 */
export const reachCartridge = (db: string, mayOpen: boolean): Effect.Effect<void, CliError, Scope.Scope | Environment> =>
  Effect.gen(function* () {
    if (yield* isServed(db)) return
    if (!existsSync(db)) return yield* noCartridge(db)
    if (!mayOpen) return yield* notServed(db)
    const { openCartridge } = yield* Effect.promise(() => import("./serve.ts"))
    yield* openCartridge(db)
  }).pipe(
    // Whoever holds the cartridge is about to open its socket, or to go.
    Effect.retry({ while: isLocked, schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(50)) }),
    Effect.mapError((error) => new CliError(problemOf(error))),
  )

const isLocked = Predicate.isTagged("CartridgeLocked")

const noCartridge = (db: string): CliError =>
  new CliError({
    code: "NO_SERVER",
    message: `no server named, and there is no cartridge at ${db}`,
    hint: "name a server with --to <url>, save one with `fazt peer add`, or start one here with `fazt server init`",
    exitCode: exitCodes.unreachable,
  })

const notServed = (db: string): CliError =>
  new CliError({
    code: "UNREACHABLE",
    message: `no server runs on the cartridge ${db}`,
    hint: "start it with `fazt server start`",
    exitCode: exitCodes.unreachable,
  })

/** Whether anybody listens on the cartridge's socket. */
const isServed = (db: string): Effect.Effect<boolean, CliError> =>
  Effect.async((resume) => {
    const path = localSocket(db)
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
    socket.once("error", (cause) => {
      const code = systemCode(cause)
      if (code === "ENOENT" || code === "ECONNREFUSED") resume(Effect.succeed(false))
      else resume(Effect.fail(failed("SOCKET", `cannot use the socket ${path}: ${messageOf(cause)}`)))
    })
    return Effect.sync(() => socket.destroy())
  })
