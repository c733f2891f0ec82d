import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"
import { BlobHash, SiteName } from "./site.ts"

/** The longest path, in bytes of UTF-8. */
export const maxObjectPathBytes = 1024

/** The path without slashes at the beginning and with none doubled. */
export const normalObjectPath = (path: string): string => path.replace(/\/{2,}/g, "/").replace(/^\//, "")

/** What is wrong with a normal path, if anything is. */
export const objectPathProblem = (path: string): string | undefined => {
  if (path === "") return "it is empty"
  if (path.length > maxObjectPathBytes || Buffer.byteLength(path) > maxObjectPathBytes)
    return `it is longer than ${maxObjectPathBytes} bytes`
  if (/\p{Cc}/u.test(path)) return "it has a control character in it"
  if (!path.isWellFormed()) return "it is not well-formed Unicode"
  if (/(^|\/)\.{1,2}(\/|$)/.test(path)) return "it has a part that is . or .."
  if (path !== normalObjectPath(path)) return "it has slashes too many"
  return undefined
}

const ObjectPath = Schema.String.pipe(Schema.filter((path) => objectPathProblem(path))).annotations({ identifier: "ObjectPath" })

export const objectEvents = [
  /** An object has new content: the bytes of `blob`, of the MIME type `type`. */
  defineEvent(
    "v1.ObjectPut",
    {
      site: SiteName,
      path: ObjectPath,
      blob: BlobHash,
      size: Schema.Int.pipe(Schema.nonNegative()),
      type: Schema.String.pipe(Schema.maxLength(255)),
    },
    { erasable: true },
  ),
  defineEvent("v1.ObjectDeleted", { site: SiteName, path: ObjectPath }),
] as const

export type ObjectEvent = EventOf<(typeof objectEvents)[number]>

/** The stream of one object. Everything of a site begins with the stream of the empty path. */
export const objectStream = (site: string, path: string): string => `object/${site}/${path}`
