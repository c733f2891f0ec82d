import { randomBytes } from "node:crypto"
import type { IncomingMessage } from "node:http"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Asker, Commands, type HandleError } from "../../commands/Commands.ts"
import type { LoginMethod } from "../../events/sessions.ts"
import { accessQueries, type SessionRow, type UserRow } from "../../projections/access.ts"
import { secretHash } from "../api/secrets.ts"
import { clientOf } from "../clientOf.ts"
import { Reads } from "../Reads.ts"
import { Settings } from "../Settings.ts"
import { LastUses } from "./LastUses.ts"
import { sessionTokens } from "./sessionCookie.ts"

const hour = 3_600_000
const day = 24 * hour

/** How long sessions last, used or not, and how long unused. A remembered one outlives the browser. */
export const lifetimes = {
  usual: { absolute: 7 * day, idle: day },
  remembered: { absolute: 30 * day, idle: 14 * day },
} as const

/** How often a session in use says so: often enough for its idle end to be right to within the hour. */
const seenEveryMs = hour / 2

const longestAgent = 200

/** A session that has just begun: the token is told once. */
export interface NewSession {
  readonly session: string
  readonly token: string
  readonly expires: number
  readonly remembered: boolean
}

/** People's sessions. The projection holds them; what it cannot know, when each was used last to the second, is held here. */
export class Sessions extends Context.Tag("fazt/Sessions")<
  Sessions,
  {
    /** The session that a request's cookie names and its user. `ended`: there was one, or a cookie that names none. */
    readonly find: (req: IncomingMessage, now: number) => { readonly session: SessionRow; readonly user: UserRow } | "none" | "ended"
    /** Whether the request carries a cookie of a session of this user, even one that has ended: from where they have been before. */
    readonly hasKnown: (req: IncomingMessage, user: string) => boolean
    /** The session, ended or not, that a cookie of the request names. */
    readonly known: (req: IncomingMessage) => string | undefined
    /** Whether it is still good. */
    readonly isLive: (session: string, now: number) => boolean
    readonly start: (
      req: IncomingMessage,
      session: { readonly user: string; readonly method: LoginMethod; readonly remembered: boolean; readonly now: number },
      asker: Asker,
    ) => Effect.Effect<NewSession, HandleError>
  }
>() {
  static readonly layer: Layer.Layer<Sessions, never, Commands | LastUses | Reads | Settings> = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const commands = yield* Commands
      const lastUses = yield* LastUses
      const settings = yield* Settings
      const { db } = yield* Reads
      const read = accessQueries(db)
      /** When sessions were used last, which the projection knows to within the hour. */
      const seen = new Map<string, number>()

      const clientOfRequest = (req: IncomingMessage) => clientOf(req, settings.clientLimits().trusted)

      const isGood = (row: SessionRow, now: number): boolean => {
        const last = Math.max(row.last_seen_at, seen.get(row.session) ?? 0)
        return row.ended_at === null && now < row.expires_at && now - last < row.idle
      }

      const see = (row: SessionRow, now: number): void => {
        if (seen.size >= 10_000) seen.clear()
        seen.set(row.session, now)
        if (now - row.last_seen_at >= seenEveryMs) {
          lastUses.record(`session/${row.session}`, seenEveryMs, now, { _tag: "SeeSession", session: row.session })
        }
      }

      const rowsOf = (req: IncomingMessage): ReadonlyArray<SessionRow> =>
        sessionTokens(req, clientOfRequest(req).scheme).flatMap((token) => read.sessionBySecret(secretHash(token)) ?? [])

      return {
        find: (req, now) => {
          const tokens = sessionTokens(req, clientOfRequest(req).scheme)
          if (tokens.length === 0) return "none"
          const good = rowsOf(req).filter((row) => isGood(row, now))
          const [row] = good
          const user = row === undefined ? undefined : read.user(row.user)
          if (row === undefined || user === undefined || user.removed_at !== null) return "ended"
          // Over plain HTTP a site on a subdomain can plant a cookie beside the right one. Nobody acts as somebody else by that.
          if (good.some((other) => other.user !== row.user)) return "ended"
          see(row, now)
          return { session: row, user }
        },
        known: (req) => rowsOf(req)[0]?.session,
        hasKnown: (req, user) => rowsOf(req).some((row) => row.user === user),
        isLive: (session, now) => {
          const row = read.session(session)
          return row !== undefined && isGood(row, now)
        },
        start: (req, { user, method, remembered, now }, asker) => {
          const session = randomBytes(6).toString("hex")
          const token = randomBytes(32).toString("base64url")
          const { absolute, idle } = remembered ? lifetimes.remembered : lifetimes.usual
          const agent = req.headers["user-agent"]?.slice(0, longestAgent)
          const command = {
            _tag: "StartSession",
            session,
            user,
            secretHash: secretHash(token),
            method,
            expires: now + absolute,
            idle,
            address: clientOfRequest(req).address,
            ...(agent === undefined ? {} : { agent }),
          } as const
          return Effect.as(commands.handle(command, asker), { session, token, expires: now + absolute, remembered })
        },
      }
    }),
  )
}
