import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { openForReading, type Sqlite } from "../events/cartridge.ts"

/** The edge's read-only connection: for look-ups by key, never for scans. */
export class Reads extends Context.Tag("fazt/Reads")<Reads, { readonly db: Sqlite }>() {
  /** Needs a cartridge whose tables exist, so it is built after the writer. */
  static readonly layer = (path: string): Layer.Layer<Reads> =>
    Layer.scoped(
      Reads,
      Effect.acquireRelease(
        Effect.sync(() => ({ db: openForReading(path) })),
        ({ db }) => Effect.sync(() => db.close()),
      ),
    )
}
