import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"
import { BlobHash, blobHashPattern, SiteName, siteNamePattern } from "./site.ts"

/** The longest key, in bytes of UTF-8. */
export const maxKeyBytes = 512

/** Values whose JSON is longer, in bytes of UTF-8, are kept as blobs. */
export const maxInlineBytes = 256 * 1024

/** The last moment that a date can name, in epoch milliseconds: no expiry is later. */
export const latestExpiry = 8_640_000_000_000_000

/** What is wrong with a key, if anything is. */
export const keyProblem = (key: string): string | undefined => {
  if (key === "") return "it is empty"
  if (key.length > maxKeyBytes || Buffer.byteLength(key) > maxKeyBytes) return `it is longer than ${maxKeyBytes} bytes`
  if (/\p{Cc}/u.test(key)) return "it has a control character in it"
  if (!key.isWellFormed()) return "it is not well-formed Unicode"
  return undefined
}

const Key = Schema.String.pipe(Schema.filter((key) => keyProblem(key))).annotations({ identifier: "Key" })

export const kvEvents = [
  /**
   * A key has a new value, and an expiry or none. `value` is JSON, absent when it is in the blob; `size` the bytes of its canonical
   * JSON; from `expires` (epoch milliseconds) on the key counts as absent.
   */
  defineEvent(
    "v1.KvSet",
    {
      site: SiteName,
      key: Key,
      value: Schema.optional(Schema.Unknown),
      blob: Schema.optional(BlobHash),
      size: Schema.Int.pipe(Schema.nonNegative()),
      expires: Schema.optional(Schema.Int.pipe(Schema.between(1, latestExpiry))),
    },
    { erasable: true, isValid: (data) => isKvSet(data) },
  ),
  /** A key was deleted, or its time was up. */
  defineEvent("v1.KvDeleted", { site: SiteName, key: Key }),
] as const

const isKvSet = (data: unknown): boolean => {
  if (typeof data !== "object" || data === null) return false
  const { site, key, value: _, blob, size, expires, ...rest } = data as Record<string, unknown>
  for (const _ in rest) return false
  return (
    typeof site === "string" &&
    siteNamePattern.test(site) &&
    typeof key === "string" &&
    keyProblem(key) === undefined &&
    (blob === undefined || (typeof blob === "string" && blobHashPattern.test(blob))) &&
    Number.isSafeInteger(size) &&
    (size as number) >= 0 &&
    (expires === undefined || (Number.isSafeInteger(expires) && (expires as number) > 0 && (expires as number) <= latestExpiry))
  )
}

export type KvEvent = EventOf<(typeof kvEvents)[number]>

/** The stream of one key. Everything of a site begins with the stream of the empty key. */
export const kvStream = (site: string, key: string): string => `kv/${site}/${key}`
