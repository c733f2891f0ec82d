import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { blobReader } from "../events/blobs.ts"
import { type BlobCache, blobCache } from "./blobCache.ts"
import { Reads } from "./Reads.ts"
import { Settings } from "./Settings.ts"

/** The bytes of files that are served often. */
export class Cache extends Context.Tag("fazt/Cache")<Cache, BlobCache>() {
  static readonly layer: Layer.Layer<Cache, never, Reads | Settings> = Layer.effect(
    Cache,
    Effect.gen(function* () {
      const { db } = yield* Reads
      const settings = yield* Settings
      return blobCache(blobReader(db), settings.number("cache.bytes"))
    }),
  )
}
