import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"
import { SiteName } from "./site.ts"

const Collection = Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9_.:-]{1,128}$/)).annotations({ identifier: "Collection" })
const DocumentId = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(256)).annotations({ identifier: "DocumentId" })
const Field = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(256))

/** A JSON object, taken as it is: a schema that rebuilt it would lose fields such as `__proto__`. */
const Document = Schema.Unknown.pipe(
  Schema.filter((value) => (typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "Expected a JSON object")),
)

export const documentEvents = [
  /**
   * A document was inserted or changed; `data` is all of it, without its id. `fresh`: one with this id that was there before was
   * deleted in the same unit of work, so this is a new one.
   */
  defineEvent(
    "v1.DocumentWritten",
    { site: SiteName, collection: Collection, id: DocumentId, data: Document, fresh: Schema.optional(Schema.Literal(true)) },
    { erasable: true },
  ),
  defineEvent("v1.DocumentDeleted", { site: SiteName, collection: Collection, id: DocumentId }),
  /** Queries by this field, a dot path, are to be fast from now on. */
  defineEvent("v1.DocumentIndexDeclared", { site: SiteName, collection: Collection, field: Field }),
  defineEvent("v1.DocumentIndexDropped", { site: SiteName, collection: Collection, field: Field }),
] as const

export type DocumentEvent = EventOf<(typeof documentEvents)[number]>

/** What the streams of a collection's documents begin with. */
export const collectionPrefix = (site: string, collection: string): string => `doc/${site}/${collection}/`

/** The stream of one document. Its id may hold anything printable, so it is written as in a URL. */
export const documentStream = (site: string, collection: string, id: string): string =>
  collectionPrefix(site, collection) + encodeURIComponent(id)

/** What the streams of a collection's indexes begin with. */
export const indexPrefix = (site: string, collection: string): string => `index/${site}/${collection}/`

/** The stream of one index. */
export const indexStream = (site: string, collection: string, field: string): string =>
  indexPrefix(site, collection) + encodeURIComponent(field)
