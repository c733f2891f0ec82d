import { randomUUIDv7 } from "node:crypto"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { LogIsReadOnly, StorageFailed, VersionConflict } from "../events/EventLog.ts"
import { CartridgeWriter } from "./CartridgeWriter.ts"
import type { Command, CommandError } from "./command.ts"
import type { Handled } from "./writerRequest.ts"

/** Whoever asked might do it when they were let in, and may not any more. The code and the status are those of the refusal. */
export class NoLongerAllowed extends Data.TaggedError("NoLongerAllowed")<{
  readonly code: string
  readonly status: number
  readonly message: string
  readonly details?: unknown
}> {}

/** Who asks, and on behalf of which request. */
export interface Asker {
  readonly actor: string
  readonly cause: string
  /** Names the command for ever, so that a repeat is decided once. Made up when absent. */
  readonly id?: string
  /** Why they may not have it done, asked as the command is sent: what came before may have taken its time. */
  readonly refusal?: () => NoLongerAllowed | undefined
}

/** Fails if they may not have it done any more. */
export const ensureAllowed = ({ refusal }: Pick<Asker, "refusal">): Effect.Effect<void, NoLongerAllowed> =>
  Effect.suspend(() => {
    const refused = refusal?.()
    return refused === undefined ? Effect.void : Effect.fail(refused)
  })

export type HandleError = CommandError | LogIsReadOnly | NoLongerAllowed | StorageFailed | VersionConflict

/**
 * Decides commands into events. Answers once the events are durable and every projection shows them; says where they landed,
 * or that nothing needed to change.
 */
export class Commands extends Context.Tag("fazt/Commands")<
  Commands,
  {
    readonly handle: (
      command: Command,
      asker: Asker,
      secrets?: ReadonlyArray<{ readonly ref: string; readonly secret: string }>,
    ) => Effect.Effect<Handled, HandleError>
  }
>() {
  /** Decided by the cartridge's writer, inside the transaction that appends. */
  static readonly layer: Layer.Layer<Commands, never, CartridgeWriter> = Layer.effect(
    Commands,
    Effect.gen(function* () {
      const writer = yield* CartridgeWriter
      return {
        handle: (command, asker, secrets = []) => {
          const { actor, cause, id = randomUUIDv7() } = asker
          const request = writer.request({ kind: "command", command, id, actor, cause, secrets }) as Effect.Effect<Handled, HandleError>
          return Effect.zipRight(ensureAllowed(asker), request)
        },
      }
    }),
  )
}
