import { hash as digest } from "node:crypto"
import stringify from "fast-json-stable-stringify"
import type { Envelope } from "./event.ts"

/** JSON with sorted keys and no spaces: the one text form of a value, so that its hash means something. */
export const canonicalJson = (value: unknown): string => stringify(value)

/** By way of a string, which takes half the time of asking for a buffer. */
export const sha256 = (data: string | Uint8Array): Buffer => Buffer.from(digest("sha256", data, "latin1"), "latin1")

export const sha256Hex = (data: string | Uint8Array): string => digest("sha256", data, "hex")

/** What the first event's hash is chained to. */
export const genesis: Uint8Array = Buffer.alloc(32)

/** The canonical JSON of an envelope. Its keys are fixed, so it is written out rather than sorted each time. */
export const canonicalEnvelope = (event: Envelope): string =>
  `{"actor":${JSON.stringify(event.actor)},"at":${event.at},"cause":${JSON.stringify(event.cause)},"id":${JSON.stringify(event.id)},"seq":${event.seq},"stream":${JSON.stringify(event.stream)},"type":${JSON.stringify(event.type)},"version":${event.version}}`

/** `SHA-256(previous hash, canonical envelope, SHA-256(payload))`: erasing a payload leaves a chain that still verifies. */
export const chainHash = (previous: Uint8Array, event: Envelope, dataHash: Uint8Array): Buffer => {
  const envelope = canonicalEnvelope(event)
  const length = Buffer.byteLength(envelope)
  const message = Buffer.allocUnsafe(64 + length)
  message.set(previous, 0)
  message.write(envelope, 32, "utf8")
  message.set(dataHash, 32 + length)
  return sha256(message)
}
