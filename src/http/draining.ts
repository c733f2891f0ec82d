import type { IncomingMessage } from "node:http"
import type { Server, Socket } from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"

const stops = new WeakMap<Socket, Deferred.Deferred<void>>()

/** Lets the requests of this listener hear when it begins to stop, which it does with the function given back. */
export const announceDraining = (server: Server): (() => void) => {
  const begun = Deferred.unsafeMake<void>(FiberId.none)
  server.on("connection", (socket) => {
    stops.set(socket, begun)
  })
  return () => Deferred.unsafeDone(begun, Effect.void)
}

/** Waits until the listener that the request came to begins to stop: whoever waits for news should answer then. */
export const draining = ({ socket }: IncomingMessage): Effect.Effect<void> => {
  const begun = stops.get(socket)
  return begun === undefined ? Effect.never : Deferred.await(begun)
}
