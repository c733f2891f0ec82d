import type { Server, Socket } from "node:net"

const localSockets = new WeakSet<Socket>()

/** Marks everything that connects to this listener as coming from the cartridge's owner: nobody else can open its socket. */
export const trustConnections = (server: Server): void => {
  server.on("connection", (socket) => {
    localSockets.add(socket)
  })
}

/** Whether the request came in through the local socket. */
export const isLocal = ({ socket }: { readonly socket: Socket }): boolean => localSockets.has(socket)
