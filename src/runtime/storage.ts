import { pendingLayers } from "./layers.ts"
import { snapshots } from "./snapshots.ts"
import type { Unit } from "./unit.ts"
import { type UnitHome, UnitOfWork } from "./unitOfWork.ts"

/** The data of all sites, as one sandbox thread sees it: it makes units of work and shows later ones what earlier ones wrote. */
export interface Storage {
  /**
   * Begins a unit of work. Nothing is read before it reads. `id` is unique for ever: code that runs again after a conflict gets a
   * new one. It names the unit's events (`<id>.<n>`); `cause` (the request's id) is what they share with other runs.
   */
  readonly begin: (site: string, id: string, now: number, cause?: string) => Unit
  /** The writer has appended the unit; its last event has this seq. */
  readonly committed: (unit: string, seq: number) => void
  /** The writer has refused the unit, for whatever reason: what it wrote is no longer shown to units that begin from now on. */
  readonly failed: (unit: string) => void
  /** Whether all of these units have been appended, once that is known. */
  readonly settled: (units: ReadonlyArray<string>) => Promise<boolean>
  readonly close: () => void
}

export const openStorage = (path: string): Storage => {
  const pool = snapshots(path)
  const pending = pendingLayers()
  const home: UnitHome = { take: pool.take, over: pending.over, publish: pending.add }
  return {
    begin: (site, id, now, cause = id) => new UnitOfWork(home, site, id, now, cause),
    committed: (unit, seq) => {
      // Its layer may go now: a snapshot from before its commit would show its writes no more.
      pool.stopSharing()
      pending.committed(unit, seq, pool.newest)
    },
    failed: pending.failed,
    settled: pending.settled,
    close: pool.close,
  }
}
