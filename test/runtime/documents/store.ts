import { join } from "node:path"
import { makeWriter, type Writer, type WriterOptions } from "../../../src/commands/writer.ts"
import { dsBinding } from "../../../src/runtime/bindings/ds.ts"
import type { HostFunction, Invocation, InvocationLimits } from "../../../src/runtime/host.ts"
import type { Ds } from "../../../src/runtime/prelude/ds.ts"
import { openStorage, type Storage } from "../../../src/runtime/storage.ts"
import type { Unit } from "../../../src/runtime/unit.ts"
import { inTemporaryFolder, tell, writerOptions } from "../../support/cartridge.ts"
import { installCalls } from "../../support/guest.ts"

let current: Invocation
const table = dsBinding(() => current)
const names = Object.keys(table)

/** The guest's side over the host's, with what the engine does between them. */
const makeDs = async (): Promise<Ds> => {
  installCalls(names, (op, ...args) => {
    const { takes, run } = table[names[op]!] as HostFunction
    if (args.length !== takes.length) throw new Error(`${names[op]} takes ${takes.length} arguments, not ${args.length}.`)
    const result: unknown = run(...(args as never))
    return typeof result === "boolean" ? Number(result) : result
  })
  return (await import("../../../src/runtime/prelude/ds.ts")).makeDs()
}

let made: Promise<Ds> | undefined

const limits: InvocationLimits = {
  subrequests: 0,
  subrequestBytes: 0,
  subrequestMs: 0,
  allowedHosts: [],
  storageKeys: 1_000_000,
  storageBytes: 1_000_000_000,
}

export interface Store {
  readonly path: string
  readonly ds: Ds
  readonly writer: Writer
  readonly storage: Storage
  /** Runs code as one request, whose unit of work is committed if it does not throw. */
  readonly run: <T>(code: (ds: Ds) => T, options?: RunOptions) => Promise<T>
  /** A unit of work that is left open; `enter` lets it run code. */
  readonly begin: (options?: RunOptions) => { readonly unit: Unit; readonly enter: <T>(code: (ds: Ds) => T) => T }
  readonly commit: (unit: Unit) => Promise<void>
}

export interface RunOptions {
  readonly site?: string
  readonly limits?: Partial<InvocationLimits>
  readonly checkDeadline?: () => void
}

let units = 0

/** A cartridge and a sandbox thread's storage over it. Time stands still at 1000, unless `now` says otherwise. */
export const withStore = (use: (store: Store) => Promise<void>, over: Partial<WriterOptions> = {}): Promise<void> =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "data.db")
    const clock = over.now ?? (() => 1000)
    const writer = makeWriter(writerOptions(path, { now: clock, ...over }))
    const storage = openStorage(path)
    made ??= makeDs()
    const ds = await made

    const begin: Store["begin"] = (options = {}) => {
      const site = options.site ?? "a"
      const unit = storage.begin(site, `unit-${units++}`, clock())
      const invocation = {
        site,
        unit: () => unit,
        limits: { ...limits, ...options.limits },
        checkDeadline: options.checkDeadline ?? (() => {}),
      }
      return {
        unit,
        enter: (code) => {
          current = invocation as unknown as Invocation
          return code(ds)
        },
      }
    }
    const writing: Array<Promise<void>> = []
    const commit: Store["commit"] = (unit) => {
      const written = write(unit)
      writing.push(written)
      return written
    }
    const write = async (unit: Unit): Promise<void> => {
      const writes = unit.finish()
      if (writes === undefined) return
      try {
        const { last } = (await tell(writer, { kind: "unit", ...writes })) as { readonly last: number }
        storage.committed(unit.id, last)
      } catch (error) {
        storage.failed(unit.id)
        throw error
      }
    }
    const run: Store["run"] = async (code, options) => {
      const { unit, enter } = begin(options)
      try {
        const result = enter(code)
        await commit(unit)
        return result
      } finally {
        unit.abandon()
      }
    }
    try {
      await use({ path, ds, writer, storage, run, begin, commit })
    } finally {
      await Promise.allSettled(writing)
      storage.close()
      writer.close()
    }
  })
