import type { IncomingMessage, ServerResponse } from "node:http"
import { refusalText } from "../api/refuseRequest.ts"
import { type Outlet, type OutletOptions, reconnectMs } from "./outlet.ts"

/**
 * Server-Sent Events (WHATWG HTML, 9.2). Committed events are messages without a name, so that `onmessage` gets them; `caught_up` and `end` are
 * named. Beats carry the id too: a browser whose filter seldom matches goes on from there when its connection breaks.
 */
export const eventStreamOutlet = (req: IncomingMessage, res: ServerResponse, { onRoom, onClosed, stallMs }: OutletOptions): Outlet => {
  const { socket } = req
  // Bytes that the client takes, and beats that it could take, count as signs of life.
  socket.setTimeout(stallMs)
  res.on("drain", onRoom)
  res.on("close", onClosed)
  // A connection that breaks is closed, and more is not to be known of it.
  res.on("error", () => {})
  res.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    // Proxies such as nginx would gather the stream before they pass it on.
    "x-accel-buffering": "no",
  })
  res.write(`retry: ${reconnectMs}\n\n`)

  return {
    page: (page) => res.write(page.eventStream()),
    caughtUp: (seq) => void res.write(`id: ${seq}\nevent: caught_up\ndata: {"seq":${seq}}\n\n`),
    beat: (seq) => {
      // To whom something is still on the way needs no beat, and without one a client that takes nothing is found out.
      if (socket.writableLength === 0) res.write(`: beat\nid: ${seq}\n\n`)
    },
    end: (reason) => void res.end(reason === "stopping" ? undefined : `event: end\ndata: ${refusalText(reason)}\n\n`),
  }
}
