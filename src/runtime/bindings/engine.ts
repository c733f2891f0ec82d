import type { HostTable } from "../host.ts"
import type { ProgramCode } from "../program.ts"

/** What the entry script tells the sandbox about the run itself, and asks it for. */
export interface EngineHost {
  readonly answer: (meta: string, body: string | Uint8Array, isOver: number) => undefined
  /** Everything that `waitUntil` was given has ended. */
  readonly finished: () => undefined
  /** The handler threw: JSON of `{ name, message, stack }`. */
  readonly failed: (error: string) => undefined
  /** User code threw where nobody waits for it any more. */
  readonly uncaught: (error: string) => undefined
  /** A call to another server that the script waits for without giving way: JSON of its answer. */
  readonly fetchNow: (request: string, body: string) => string
  /** The program that runs. */
  readonly code: () => ProgramCode
}

export const engineBinding = (host: EngineHost): HostTable => ({
  "engine.answerText": { kind: "sync", takes: "ssn", run: host.answer },
  "engine.answerBytes": { kind: "sync", takes: "sbn", run: host.answer },
  "engine.finished": { kind: "sync", takes: "", run: host.finished },
  "engine.failed": { kind: "sync", takes: "s", run: host.failed },
  "engine.uncaught": { kind: "sync", takes: "s", run: host.uncaught },
  "engine.fetchNow": { kind: "sync", takes: "ss", run: host.fetchNow },
  /** `(base, name)` → JSON of `{ path }` or `{ stdlib }`. */
  "engine.resolve": { kind: "sync", takes: "ss", run: (base: string, name: string) => host.code().resolve(base, name) },
  /** The code of a file as the body of a CommonJS function. */
  "engine.source": { kind: "sync", takes: "s", run: (path: string) => host.code().source(path) },
  /** A script whose value is the package. */
  "engine.stdlib": { kind: "sync", takes: "s", run: (name: string) => host.code().stdlib(name) },
})
