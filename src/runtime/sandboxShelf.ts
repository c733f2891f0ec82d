import { performance } from "node:perf_hooks"
import type { Engine } from "./blank.ts"
import { initialBytes } from "./engine/abi.ts"
import type { Image } from "./image.ts"
import type { ProgramCode } from "./program.ts"
import { Sandbox } from "./sandbox.ts"

/** A sandbox whose memory has grown by more bytes than this is not kept: memory cannot shrink. */
const maxGrowth = 4 * 1024 * 1024

/** So many stay for the next requests; those that a rush has left beside them, for so long. */
const keptForGood = 4
const keptMs = 10_000

/** The sandboxes of one thread in which nothing runs. Each serves whatever program comes, best the one that it served last. */
export const sandboxShelf = (engine: Engine, maxBytes: () => number) => {
  /** Those least recently used first. */
  let idle: Array<{ readonly sandbox: Sandbox; readonly since: number }> = []
  /** What has been made since limits were changed last, whether anything runs in it or not. */
  let made = new WeakSet<Sandbox>()

  const takeFromShelf = (image: Image): Sandbox | undefined => {
    const same = idle.findLastIndex(({ sandbox }) => sandbox.image === image)
    const place = same >= 0 ? same : idle.findIndex(({ sandbox }) => sandbox.maxBytes >= image.end)
    return place < 0 ? undefined : idle.splice(place, 1)[0]!.sandbox
  }

  const make = (image: Image): Sandbox => {
    // The image may be of a time when programs were allowed more memory.
    const sandbox = new Sandbox(engine, Math.max(maxBytes(), image.end - initialBytes))
    made.add(sandbox)
    return sandbox
  }

  const takeAny = (image: Image): Sandbox => takeFromShelf(image) ?? make(image)

  return {
    /** A sandbox in which to start a program. */
    takeBlank: (): Sandbox => takeAny(engine.blank.image),
    /** A sandbox that is ready for a request of this program. */
    take: (image: Image, code: ProgramCode): Sandbox => {
      const sandbox = takeAny(image)
      sandbox.use(image, code)
      return sandbox
    },
    /** Nothing runs in it any more. */
    giveBack: (sandbox: Sandbox): void => {
      if (!made.has(sandbox)) return
      if (sandbox.memoryBytes <= Math.max(initialBytes, sandbox.image.end) + maxGrowth) idle.push({ sandbox, since: performance.now() })
    },
    /** Makes what was used ready for the next request of the same program, and gives up what nobody has needed for a while. */
    tidy: (): void => {
      const long = performance.now() - keptMs
      while (idle.length > keptForGood && idle[0]!.since < long) idle.shift()
      for (const { sandbox } of idle) sandbox.restore()
    },
    /** Limits have changed: what was made before is used no more, also if a run is in it now. */
    clear: (): void => {
      idle = []
      made = new WeakSet()
    },
  }
}

export type SandboxShelf = ReturnType<typeof sandboxShelf>
