import { beforeEach, expect } from "vitest"
import type { Invocation } from "../../src/runtime/host.ts"
import type { StorageLimits } from "../../src/runtime/quota.ts"
import { openStorage, type Storage } from "../../src/runtime/storage.ts"
import { withWriter } from "./cartridge.ts"
import { current } from "./guest.ts"
import { commit } from "./units.ts"

let made = 0

/** Gives each test a fresh cartridge and a request that has begun on it; what the prelude calls finds that request. */
export const requests = () => {
  let storage: Storage
  let finish = async (): Promise<void> => {}

  /** Begins another request at this time, on the same cartridge. */
  const begin = (now = 1000, more: Partial<StorageLimits> = {}): void => {
    const unit = storage.begin("a", `u${made++}`, now)
    const limits = { storageKeys: 100, storageBytes: 1_000_000, ...more } as Invocation["limits"]
    current.invocation = { site: "a", now, unit: () => unit, limits }
  }

  beforeEach(
    () =>
      new Promise<() => void>((ready, failed) => {
        withWriter(async (writer, path) => {
          storage = openStorage(path)
          finish = async () => {
            expect((await commit(storage, writer, current.invocation.unit!()))?.ok).not.toBe(false)
            begin()
          }
          begin()
          await new Promise<void>((over) => ready(over))
          storage.close()
        }).catch(failed)
      }),
  )

  return { begin, /** Commits what the request wrote and begins the next one. */ finish: () => finish() }
}

/** The `code` of what it throws. */
export const codeOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return (error as { readonly code?: unknown }).code ?? error
  }
  return "nothing thrown"
}
