import type { ManifestServer } from "../events/manifest.ts"
import type { Engine } from "./blank.ts"
import type { Broadcast, InvocationLimits, Kick, LogLevel } from "./host.ts"
import type { Image } from "./image.ts"
import type { RunLimits, RunProblem } from "./run.ts"

/** What a sandbox thread is started with. */
export interface SandboxThreadOptions {
  readonly path: string
  /** Where the thread says what it is doing now: see `watch.ts`. */
  readonly watch: SharedArrayBuffer
  readonly settings: SandboxSettings
}

export interface SandboxSettings {
  readonly run: RunLimits
  readonly bindings: InvocationLimits
  /** How long a run may take in all, waiting included. */
  readonly wallMs: number
  readonly memoryBytes: number
  readonly logLines: number
  readonly startMs: number
}

/** A program that a thread is to run requests of. */
export interface Loaded {
  readonly key: string
  readonly site: string
  readonly manifest: string
  readonly server: ManifestServer
  readonly image: Image
  readonly env: Readonly<Record<string, string>>
}

export interface LogEntry {
  readonly at: number
  readonly level: LogLevel
  readonly message: string
}

/** What a unit of work wants appended, as `unitText` makes it. */
export interface SentUnit {
  readonly id: string
  readonly text: string
  readonly blobs: ReadonlyArray<Uint8Array>
  /** How many events it has, and how many of them declare an index: what it will cost the writer. */
  readonly events: number
  readonly indexes: number
}

/** What a run has left behind beside its answer. */
export interface Effects {
  readonly writes: SentUnit | undefined
  readonly live: ReadonlyArray<Broadcast | Kick>
  readonly logs: ReadonlyArray<LogEntry>
  /** It has called other servers, so it must not be run again. */
  readonly outbound: boolean
  /** The run goes on after its answer, and waits to hear what became of its writes. */
  readonly more: boolean
}

/** What a sandbox thread waits for before it does anything: it loads its own code while the engine is still being made. */
export interface EngineMade {
  readonly engine: Engine
}

/** Five entries for each job: id, key, request id, meta, body. Flat, since a message's cost is that of its objects. */
export type Jobs = ReadonlyArray<number | string | Uint8Array | undefined>

/** To a sandbox thread, in the order in which it is to be done. */
export interface ToSandbox {
  readonly load?: ReadonlyArray<Loaded>
  readonly forget?: ReadonlyArray<string>
  readonly env?: { readonly site: string; readonly values: Readonly<Record<string, string>> }
  readonly settings?: SandboxSettings
  /** Units of work and the seq of their commit; `null` for those that were refused. */
  readonly verdicts?: ReadonlyArray<readonly [unit: string, seq: number | null]>
  /** Open sockets of sites by channel, where that has changed. */
  readonly sockets?: ReadonlyArray<readonly [site: string, channels: Readonly<Record<string, number>>]>
  readonly jobs?: Jobs
  readonly start?: StartRequest
}

/** Load a program and give its image. */
export interface StartRequest {
  readonly id: number
  readonly site: string
  readonly manifest: string
  readonly server: ManifestServer
}

export interface StartRefusal {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** What came of a job: an answer, or a problem, and what it left behind. */
export type Outcome =
  /** Five entries: id, meta, body, milliseconds, effects (`undefined` when there are none). */
  number | string | Uint8Array | Effects | RunProblem | undefined

export interface FromSandbox {
  /** It can be given work. `thread` is its number in the kernel, where there is one. */
  readonly ready?: { readonly thread: number | undefined }
  /** Five entries for each: id, meta (`undefined` with a problem), body or problem, milliseconds of processor time, effects. */
  readonly outcomes?: ReadonlyArray<Outcome>
  /** The end of runs that went on after their answer: id, milliseconds since then, effects. */
  readonly ends?: ReadonlyArray<readonly [id: number, ms: number, effects: Effects | undefined]>
  /** Jobs that now wait for something outside. */
  readonly waiting?: ReadonlyArray<number>
  /** This job is about to call another server. */
  readonly outbound?: number
  readonly started?: {
    readonly id: number
    readonly image?: Image
    readonly refusal?: StartRefusal
    readonly logs: ReadonlyArray<LogEntry>
    readonly ms: number
  }
}
