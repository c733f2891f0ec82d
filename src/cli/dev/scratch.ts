import { existsSync } from "node:fs"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"

const prefix = "fazt-dev-"

/** A folder for a cartridge that nobody keeps: in memory where the system has a place for that. Gone when the scope closes. */
export const scratchFolder = Effect.acquireRelease(
  Effect.promise(async () => {
    const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()
    await removeAbandoned(place)
    return mkdtemp(join(place, `${prefix}${process.pid}-`))
  }),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
)

/** What runs that were killed have left behind. */
const removeAbandoned = async (place: string): Promise<void> => {
  for (const name of await readdir(place)) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(place, name), { recursive: true, force: true }).catch(() => {})
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"
  }
}
