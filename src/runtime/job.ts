import type { ManifestServer } from "../events/manifest.ts"
import type { Image } from "./image.ts"
import type { Effects } from "./messages.ts"
import type { RunProblem } from "./run.ts"
import type { SiteQueue } from "./siteQueue.ts"

/** A program as it is published: one site's deploy. */
export interface Target {
  /** Names the site and its code: what has the same key runs from the same image. */
  readonly key: string
  readonly site: string
  readonly manifest: string
  readonly server: ManifestServer
  readonly image: Image
}

/** What the pool lost a run to: its own thread hung or died. */
export type JobProblem = RunProblem | { readonly kind: "hang" | "lost" | "gone"; readonly message: string; readonly stack?: undefined }

/** A request that is to be run. Its callbacks are called from the pool. */
export interface Job {
  /** Another one for each run. */
  readonly id: number
  readonly target: Target
  readonly queue: SiteQueue
  /** The request's id, as logs and events carry it. */
  readonly request: string
  readonly meta: string
  readonly body: string | Uint8Array | undefined
  /** Threads that have ended while it was in them. */
  restarts: number
  /** It has called other servers. */
  outbound: boolean
  /** `verdict` tells the thread what became of the writes. */
  readonly answered: (
    meta: string,
    body: string | Uint8Array,
    effects: Effects | undefined,
    verdict: (unit: string, seq: number | null) => void,
  ) => void
  readonly failed: (problem: JobProblem, effects: Effects | undefined) => void
  /** A run that went on after its answer has come to its end. */
  readonly ended: (effects: Effects | undefined, verdict: (unit: string, seq: number | null) => void) => void
  /** A run that went on after its answer has been ended with its thread: what it still had to do is lost. */
  readonly cutOff: (problem: JobProblem) => void
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean
}
