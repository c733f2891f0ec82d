import type { IncomingMessage } from "node:http"
import { type Failure, invalid } from "../api/envelope.ts"
import { notKnown } from "../api/issues.ts"
import { queryOf } from "../api/queryOf.ts"
import type { EventFilter } from "./eventFeed.ts"

/** What a request for live events asks for. `after`: behind which seq; nothing for what is yet to come. */
export interface LiveRequest {
  readonly filter: EventFilter
  readonly after: number | undefined
}

const filters = ["site", "stream", "type", "actor"]
const parameters = ["after", "lastEventId", ...filters]
const longestName = 1024
const mostTypes = 50

/**
 * Reads `?after=<seq>&site=&stream=&type=&actor=`, of which only `type` may stand there more than once. The header `Last-Event-ID`, with which a
 * browser says where it was when its connection broke, counts more than `after`; so does `lastEventId`, with which libraries do that.
 */
export const liveRequest = (req: Pick<IncomingMessage, "url" | "headers">): LiveRequest | Failure => {
  const query = queryOf(req)
  const unknown = [...query.keys()].find((name) => !parameters.includes(name))
  if (unknown !== undefined) return wrong(unknown.slice(0, 100), notKnown(parameters))
  const types = query.getAll("type")
  const once = parameters.find((name) => name !== "type" && query.getAll(name).length > 1)
  if (once !== undefined) return wrong(once, "give it once only")
  const tooLong = filters.find((name) => query.getAll(name).some(({ length }) => length > longestName))
  if (tooLong !== undefined) return wrong(tooLong, `it is longer than ${longestName} characters`)
  if (types.length > mostTypes) return wrong("type", `give at most ${mostTypes}`)
  const lastId = req.headers["last-event-id"] ?? query.get("lastEventId")
  const name = lastId ? "Last-Event-ID" : "after"
  const after = lastId ? String(lastId) : query.get("after")
  if (after !== null && !/^\d{1,15}$/.test(after)) return wrong(name, "it has to be the seq of an event, a whole number")
  return {
    filter: {
      site: query.get("site") ?? undefined,
      stream: query.get("stream") ?? undefined,
      actor: query.get("actor") ?? undefined,
      type: types.length === 0 ? undefined : types.toSorted(),
    },
    after: after === null ? undefined : Number(after),
  }
}

const wrong = (field: string, constraint: string): Failure => invalid(field, `${field}: ${constraint}`, constraint)
