import type { IncomingMessage, RequestListener } from "node:http"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import type { Committed } from "../../commands/writerRequest.ts"
import { accountsStream } from "../../events/accounts.ts"
import { keyStream } from "../../events/keys.ts"
import { sessionStream } from "../../events/sessions.ts"
import { Queries } from "../../projections/Queries.ts"
import { isFromElsewhere } from "../accounts/crossOrigin.ts"
import { Sessions } from "../accounts/Sessions.ts"
import { adminHeaderFields } from "../adminHeaders.ts"
import type { Upgrade } from "../adminHost.ts"
import { type AnswerHeaders, Authentication } from "../api/auth.ts"
import { type Failure, internalError, refusal } from "../api/envelope.ts"
import type { Principal } from "../api/policy.ts"
import { refuseRequest } from "../api/refuseRequest.ts"
import { clientOf } from "../clientOf.ts"
import { draining } from "../draining.ts"
import { Limits } from "../limits/Limits.ts"
import { Reads } from "../Reads.ts"
import { Settings } from "../Settings.ts"
import { type EventFollower, eventFeed } from "./eventFeed.ts"
import { type LiveRequest, liveRequest } from "./liveRequest.ts"
import type { EndReason, Outlet, OutletOptions } from "./outlet.ts"
import { refuseSocket } from "./refuse.ts"
import { eventStreamOutlet } from "./sse.ts"
import { socketOutlet, socketServer } from "./webSocket.ts"

export interface LiveEventsOptions {
  readonly beatMs?: number
  readonly stallMs?: number
  readonly paceMs?: number
}

/** `GET /api/events/live`. */
export interface LiveEvents {
  /** As Server-Sent Events. */
  readonly stream: RequestListener
  /** Over a WebSocket. */
  readonly upgrade: Upgrade
  /** How many streams are open. */
  readonly open: () => number
}

/** A page has at most so many events, and ends behind the one with which their payloads have so many characters. */
const pageEvents = 250
const pageBytes = 256 * 1024

interface OpenStream {
  readonly req: IncomingMessage
  readonly who: Principal
  readonly outlet: Outlet
  readonly follower: EventFollower
  readonly end: (reason: EndReason) => void
}

/** Committed events as they come, from any of them on. Whoever follows them is looked at again whenever their rights may have changed. */
export const liveEvents = ({ beatMs = 15_000, stallMs = 60_000, paceMs }: LiveEventsOptions = {}) =>
  Effect.gen(function* () {
    const { check, admit } = yield* Authentication
    const sessions = yield* Sessions
    const limits = yield* Limits
    const queries = yield* Queries
    const settings = yield* Settings
    const writer = yield* CartridgeWriter
    const { db } = yield* Reads
    const clock = yield* Clock.clockWith(Effect.succeed)
    const runtime = yield* Effect.runtime()
    const lastSeq = db.prepare<[], number>("SELECT coalesce(max(seq), 0) FROM events").pluck()
    const feed = eventFeed({
      read: (filter, after) => Effect.runPromise(queries.auditPage({ ...filter, after, limit: pageEvents, bytes: pageBytes })),
      head: () => lastSeq.get()!,
      ...(paceMs === undefined ? {} : { paceMs }),
    })
    const streams = new Set<OpenStream>()
    /** Those that are about to close too. */
    let open = 0

    const report = (message: string, cause: unknown): void => void Effect.runFork(Effect.provide(Effect.logError(message, cause), runtime))

    /** Whoever may follow no more than the logs of sites takes at most a fifth of all places, so that others find one. */
    const isFull = ({ permissions, user }: Principal): boolean => {
      const places = settings.number("live.event_streams")
      if (open >= places) return true
      if (permissions.has("audit.read")) return false
      const theirs = [...streams].filter(({ who }) => who.user === user).length
      return theirs >= Math.max(1, Math.floor(places / 5))
    }

    const begin = (
      req: IncomingMessage,
      who: Principal,
      { filter, after }: LiveRequest,
      connect: (options: OutletOptions) => Outlet,
    ): void => {
      open++
      let stopWaiting = (): void => {}
      let follower: EventFollower | undefined
      const end = (reason: EndReason): void => {
        leave()
        outlet.end(reason)
      }
      const leave = (): void => {
        stopWaiting()
        follower?.end()
        streams.delete(stream)
      }
      const outlet = connect({
        stallMs,
        onRoom: () => follower?.goOn(),
        onClosed: () => {
          open--
          leave()
        },
      })
      follower = feed.follow({
        filter,
        after,
        send: outlet.page,
        caughtUp: outlet.caughtUp,
        failed: (error) => {
          report("Events could not be read for a live stream.", error)
          end(internalError)
        },
      })
      const stream: OpenStream = { req, who, outlet, follower, end }
      streams.add(stream)
      stopWaiting = Effect.runCallback(Effect.map(draining(req), () => end("stopping")))
    }

    /** Ends the stream if the caller is no longer who they were, or may not have it any more. */
    const checkAgain = ({ req, who, end }: OpenStream): void => {
      Effect.runCallback(check(req), {
        onExit: (exit) => {
          if (Exit.isSuccess(exit)) {
            if (exit.value.key !== who.key || exit.value.session !== who.session) end(ended)
          } else end(Option.getOrElse(Cause.failureOption(exit.cause), () => internalError))
        },
      })
    }

    const beat = (): void => {
      const now = clock.unsafeCurrentTimeMillis()
      for (const stream of streams) {
        const { who, outlet, follower } = stream
        // A stream that is open is no sign of a person: it does not keep their session from ending.
        if (who.session !== undefined && !sessions.isLive(who.session, now)) stream.end(ended)
        else if (who.key !== undefined) checkAgain(stream)
        if (streams.has(stream)) outlet.beat(follower.seq())
      }
    }

    const committed = (commit: Committed): void => {
      const changed = commit.events.filter(({ stream, type }) => isOfAccess.test(stream) && !isUse.has(type)).map(({ stream }) => stream)
      if (changed.length > 0) for (const stream of streams) if (changed.some((name) => concerns(name, stream.who))) checkAgain(stream)
      feed.committed(commit)
    }

    yield* writer.onCommitted(committed)
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(beat, beatMs).unref()),
      (timer) =>
        Effect.sync(() => {
          clearInterval(timer)
          for (const stream of streams) stream.end("stopping")
          feed.stop()
        }),
    )

    /** Who asks for what, if they may have it. */
    const admitted = (req: IncomingMessage, answered: AnswerHeaders): Effect.Effect<readonly [Principal, LiveRequest], Failure> =>
      Effect.gen(function* () {
        if (req.method !== "GET") return yield* Effect.fail(wrongMethod)
        const who = yield* admit(req, answered)
        const asked = liveRequest(req)
        if ("code" in asked) return yield* Effect.fail(asked)
        if (isFull(who)) return yield* Effect.fail(tooMany)
        return [who, asked] as const
      })

    const answer = (
      effect: Effect.Effect<readonly [Principal, LiveRequest], Failure>,
      begin: (...admitted: readonly [Principal, LiveRequest]) => void,
      refuse: (failure: Failure) => void,
    ): void => {
      Effect.runCallback(effect, {
        onExit: (exit) => {
          if (Exit.isSuccess(exit)) return begin(...exit.value)
          const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
          if (failure === undefined) report("A live stream could not be opened.", exit.cause)
          refuse(failure ?? internalError)
        },
      })
    }

    const sockets = socketServer((socket, failure) => refuseSocket(socket, failure, adminHeaderFields("http")))

    const live: LiveEvents = {
      stream: (req, res) =>
        answer(
          admitted(req, res),
          // Whoever has gone meanwhile would never be heard of again.
          (who, asked) => {
            if (!req.socket.destroyed) begin(req, who, asked, (options) => eventStreamOutlet(req, res, options))
          },
          (failure) => refuseRequest(req, res, failure),
        ),
      upgrade: (req, socket, head) => {
        socket.on("error", () => {})
        const headers = new Map(Object.entries(adminHeaderFields(clientOf(req, limits.trusted()).scheme)))
        const answered = { setHeader: (name: string, value: string) => headers.set(name, value) }
        // A browser lets any page open a WebSocket anywhere, and sends the cookie.
        const allowed = isFromElsewhere(req.headers) ? Effect.fail(fromElsewhere) : admitted(req, answered)
        answer(
          allowed,
          (who, asked) => sockets.accept(req, socket, head, (ws) => begin(req, who, asked, (options) => socketOutlet(ws, req, options))),
          (failure) => refuseSocket(socket, failure, Object.fromEntries(headers)),
        )
      },
      open: () => open,
    }
    return live
  })

/** Streams that say who may what. */
const isOfAccess = /^(owner$|key\/|session\/)/

/** Whether what happened in such a stream may be about whoever this is. */
const concerns = (stream: string, { key, session }: Principal): boolean =>
  stream === accountsStream ||
  (key !== undefined && stream === keyStream(key)) ||
  (session !== undefined && stream === sessionStream(session))

/** Events of accounts, keys and sessions that only say that something was used. */
const isUse: ReadonlySet<string> = new Set(["v1.KeyUsed", "v1.SessionSeen", "v1.TotpUsed", "v1.RecoveryCodeUsed", "v1.PasskeyUsed"])

const wrongMethod = refusal("METHOD_NOT_ALLOWED", "This endpoint takes GET.", { allowed: ["GET"] })
const fromElsewhere = refusal("CROSS_ORIGIN", "Pages of other sites may not open this WebSocket.")
const tooMany = refusal("SERVICE_UNAVAILABLE", "Too many live streams are open on this server (`live.event_streams`).", { retry_after: 5 })
const ended = refusal("SESSION_EXPIRED", "This session has ended. Log in again.")
