import type { AppendRequest } from "../events/EventLog.ts"
import type { WriterRequest } from "./writerRequest.ts"

/**
 * A unit of work as one text. It is made where the code has run and read by the writer: between them it passes through a thread that
 * need not know what is in it, and a text costs a message much less than the objects do.
 */
export interface EncodedUnit {
  readonly kind: "encodedUnit"
  readonly text: string
  readonly blobs: ReadonlyArray<Uint8Array>
}

/** What the writer can be sent. */
export type SentRequest = WriterRequest | EncodedUnit

/** Everything in events is JSON. */
export const unitText = (request: AppendRequest): string => JSON.stringify(request)

export const unitOfText = (text: string, blobs: ReadonlyArray<Uint8Array>): WriterRequest & { readonly kind: "unit" } => ({
  kind: "unit",
  request: JSON.parse(text) as AppendRequest,
  blobs,
})

export const decodeRequest = (request: SentRequest): WriterRequest =>
  request.kind === "encodedUnit" ? unitOfText(request.text, request.blobs) : request
