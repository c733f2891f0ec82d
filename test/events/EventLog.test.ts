import { rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { layerInProcess, layerThread, type WriterConfig } from "../../src/commands/CartridgeWriter.ts"
import { sqliteEventLog } from "../../src/commands/SqliteEventLog.ts"
import { migrations, threadUrl } from "../../src/resources.ts"
import { temporaryFolder } from "../support/cartridge.ts"
import { eventLogContract } from "./eventLogContract.ts"

/** A log on a cartridge of its own, for each test. */
const onFreshCartridge = (writer: (config: WriterConfig) => ReturnType<typeof layerInProcess>) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => temporaryFolder()),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
      )
      const path = join(folder, "data.db")
      const config: WriterConfig = {
        path,
        migrations: migrations(),
        release: "0.1.0",
        masterKey: undefined,
        holder: "a test",
        onRebuild: () => {},
      }
      return sqliteEventLog(path).pipe(Layer.provide(writer(config)))
    }),
  )

eventLogContract("SQLite, writer in this thread", onFreshCartridge(layerInProcess))
eventLogContract(
  "SQLite, writer in its own thread",
  onFreshCartridge((config) => layerThread(config, threadUrl("commands/writerThread"))),
)
