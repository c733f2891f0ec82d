import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { expect, it } from "vitest"
import { CartridgeWriter, layerThread } from "../../src/commands/CartridgeWriter.ts"

it("A writer thread that dies fails everybody who waits or asks later, and does not hold up the end of the server", async () => {
  const config = { path: "/nonexistent", migrations: [], release: "0", masterKey: undefined, holder: "", onRebuild: () => {} }
  const program = Effect.gen(function* () {
    const writer = yield* CartridgeWriter
    const ask = Effect.exit(writer.request({ kind: "beginBlob" }))
    const waiting = yield* ask
    const died = yield* Effect.exit(writer.died)
    return { waiting, died, later: yield* ask }
  })
  const layer = layerThread(config, new URL("../support/dyingWriter.ts", import.meta.url))
  const { waiting, died, later } = await Effect.runPromise(Effect.scoped(Effect.provide(program, layer)))
  expect([waiting, died, later].map(Exit.isFailure)).toEqual([true, true, true])
})
