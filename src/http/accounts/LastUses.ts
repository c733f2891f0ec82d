import { randomUUIDv7 } from "node:crypto"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import { type Asker, Commands } from "../../commands/Commands.ts"
import type { Command } from "../../commands/command.ts"
import type { KeyRow } from "../../projections/access.ts"

/** How coarsely it is recorded when a key was used last. */
const everyMs = 3_600_000

const mostRemembered = 10_000

/** Records, coarsely and beside the request, that keys and sessions are in use. */
export class LastUses extends Context.Tag("fazt/LastUses")<
  LastUses,
  {
    readonly used: (key: Pick<KeyRow, "key" | "last_used_at">, now: number) => void
    /** Sends a command of this kind, at most once in `everyMs` for one name. */
    readonly record: (name: string, everyMs: number, now: number, command: Command) => void
  }
>() {
  static readonly layer: Layer.Layer<LastUses, never, Commands> = Layer.effect(
    LastUses,
    Effect.gen(function* () {
      const commands = yield* Commands
      const run = Runtime.runFork(yield* Effect.runtime())
      const sent = new Map<string, number>()

      const record = (name: string, every: number, now: number, command: Command): void => {
        if (now - (sent.get(name) ?? 0) < every) return
        if (sent.size >= mostRemembered) sent.clear()
        sent.set(name, now)
        const asker: Asker = { actor: "system", cause: `use_${randomUUIDv7()}` }
        // Nobody waits for it and nothing leans on it: where the cartridge cannot be written to, requests that write say so.
        run(Effect.ignore(commands.handle(command, asker)))
      }

      return {
        record,
        used: ({ key, last_used_at }, now) => {
          if (last_used_at === null || now - last_used_at >= everyMs) record(`key/${key}`, everyMs, now, { _tag: "UseKey", key })
        },
      }
    }),
  )
}
