import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Broadcast, Kick } from "../runtime/host.ts"
import { clientOf } from "./clientOf.ts"
import { type Live, makeLive } from "./live.ts"
import { Settings } from "./Settings.ts"

/** The open WebSockets of sites, and what server code has to say to them. */
export class Sockets extends Context.Tag("fazt/Sockets")<
  Sockets,
  {
    readonly live: Live
    /** How many sockets a site has by channel, `""` for all; the same object until that changes, nothing if it never had any. */
    readonly channels: (site: string) => Readonly<Record<string, number>> | undefined
    readonly deliver: (site: string, messages: ReadonlyArray<Broadcast | Kick>) => void
  }
>() {
  static readonly layer: Layer.Layer<Sockets, never, Settings> = Layer.scoped(
    Sockets,
    Effect.gen(function* () {
      const settings = yield* Settings
      /** `undefined`: it has changed since it was last asked for. */
      const counts = new Map<string, Readonly<Record<string, number>> | undefined>()
      const live = yield* Effect.acquireRelease(
        Effect.sync(() =>
          makeLive({
            limits: settings.liveLimits,
            addressOf: (req) => clientOf(req, settings.clientLimits().trusted).address,
            onChange: (site) => counts.set(site, undefined),
          }),
        ),
        (live) => Effect.sync(live.close),
      )
      const channels = (site: string): Readonly<Record<string, number>> | undefined => {
        if (!counts.has(site)) return undefined
        const known = counts.get(site) ?? live.channels(site)
        counts.set(site, known)
        return known
      }
      const deliver = (site: string, messages: ReadonlyArray<Broadcast | Kick>): void => {
        for (const message of messages) {
          if (message.kind === "kick") live.kick(site, message.client)
          else live.broadcast(site, message.channel, message.data)
        }
      }
      return { live, channels, deliver }
    }),
  )
}
