import * as Schema from "effect/Schema"
import type { Variant } from "../events/blobs.ts"
import { AppendError, type Appended, type AppendRequest, NotErasable } from "../events/EventLog.ts"
import { type Command, CommandError } from "./command.ts"

/** What the writer can be asked; each is answered after the commit that holds it. */
export type WriterRequest =
  /** `id` names the command for ever: sent twice, it is decided once. `secrets` go into the vault with its events. */
  | {
      readonly kind: "command"
      readonly command: Command
      readonly id: string
      readonly actor: string
      readonly cause: string
      readonly secrets?: ReadonlyArray<{ readonly ref: string; readonly secret: string }>
    }
  | { readonly kind: "append"; readonly request: AppendRequest }
  /** What a function's unit of work wrote, and the bytes that its events name as blobs; those stay for good. Answered as an append. */
  | { readonly kind: "unit"; readonly request: AppendRequest; readonly blobs: ReadonlyArray<Uint8Array> }
  | { readonly kind: "putBlobs"; readonly blobs: ReadonlyArray<Uint8Array> }
  | { readonly kind: "beginBlob" }
  | { readonly kind: "putChunk"; readonly upload: number; readonly n: number; readonly bytes: Uint8Array }
  | { readonly kind: "finishBlob"; readonly upload: number; readonly hash: string; readonly size: number }
  | { readonly kind: "abandonBlob"; readonly upload: number }
  | { readonly kind: "putVariants"; readonly variants: ReadonlyArray<Variant> }
  | {
      readonly kind: "erase"
      readonly seq: number
      readonly id: string
      readonly reason: string
      readonly actor: string
      readonly cause: string
    }
  | { readonly kind: "rebuild"; readonly projections: ReadonlyArray<string> }

/** What happened to a command: the seqs of its events, `undefined` when nothing needed to change. */
export interface Handled {
  readonly appended: Appended | undefined
}

export const WriterError = Schema.Union(AppendError, CommandError, NotErasable)
export type WriterError = typeof WriterError.Type

/** An answer: `value` depends on the request's kind, `progress` says that more is to come. */
export type WriterReply =
  | { readonly ok: true; readonly value: unknown; readonly progress?: true }
  | { readonly ok: false; readonly error: WriterError }
  | { readonly ok: false; readonly defect: unknown }

/** What the other threads are told of each commit. */
export interface Committed {
  readonly events: ReadonlyArray<{ readonly seq: number; readonly type: string; readonly stream: string }>
  /** Blobs that got precompressed forms. */
  readonly variants: ReadonlyArray<string>
}

/** A request that waits for its turn. */
export interface Pending {
  readonly request: WriterRequest
  readonly reply: (reply: WriterReply) => void
}
