import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { liveAddress } from "../adminHost.ts"
import { routeOf } from "../api/routes.ts"
import type { Place } from "../dispatch.ts"
import type { Labels, Registry } from "./registry.ts"

/** Hosts of sites that there may or may not be, the hosts of the server itself, and hosts that are neither. */
const places = ["site", "admin", "unknown"] as const satisfies ReadonlyArray<Place["kind"]>
const placeRow = { site: 0, admin: 1, unknown: 2 } as const satisfies Record<Place["kind"], number>

/** By the first digit of the status; `aborted`: the connection was gone before the answer was out. */
const outcomes = ["aborted", "1xx", "2xx", "3xx", "4xx", "5xx"] as const

/** Seconds. Static files take well below a millisecond; what waits for news may take half a minute. */
const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

/** Counts requests and connections. */
export const requestMeter = (registry: Registry) => {
  let inFlight = 0
  const requests = registry.counter(
    { name: "fazt_http_requests", help: "Requests that were let in and are over, by what their host stands for and how they ended." },
    places.flatMap((place) => outcomes.map((status) => ({ place, status }))),
  )
  const durations = registry.histogram(
    { name: "fazt_http_request_duration_seconds", unit: "seconds", help: "From a request's headers to the end of its answer." },
    seconds,
    places.map((place) => ({ place })),
  )
  registry.read({ name: "fazt_http_requests_in_flight", type: "gauge", help: "Requests that are not over yet.", read: () => inFlight })

  const endpoints = new Map<string, Float64Array>()
  registry.read({
    name: "fazt_api_requests",
    type: "counter",
    help: "Requests to the API, by endpoint. The route `none` stands for what no endpoint takes.",
    read: () => [...endpoints].flatMap(([endpoint, cells]) => endpointRows(endpoint, cells)),
  })

  /** Bounded by the number of endpoints: what has none shares one row. */
  const countEndpoint = ({ req }: ServerResponse, outcome: number): void => {
    const endpoint = routeOf(req).endpoint ?? (isBelowApi(req.url ?? "") ? "any none" : undefined)
    if (endpoint === undefined) return
    let cells = endpoints.get(endpoint)
    if (cells === undefined) {
      cells = new Float64Array(outcomes.length)
      endpoints.set(endpoint, cells)
    }
    cells[outcome]!++
  }

  const { connected, read: traffic } = connectionMeter()
  registry.read({ name: "fazt_http_connections_open", type: "gauge", help: "Open connections.", read: () => traffic().open })
  registry.read({ name: "fazt_http_connections", type: "counter", help: "Connections that were let in.", read: () => traffic().all })
  registry.read({
    name: "fazt_http_sent_bytes",
    type: "counter",
    unit: "bytes",
    help: "Bytes sent over connections, headers and WebSockets included.",
    read: () => traffic().sent,
  })
  registry.read({
    name: "fazt_http_received_bytes",
    type: "counter",
    unit: "bytes",
    help: "Bytes received over connections, headers and WebSockets included.",
    read: () => traffic().received,
  })

  return {
    /** To be called once for each request, before it is answered. It is on the path of every request. */
    begins: (place: Place["kind"], res: ServerResponse): void => {
      inFlight++
      const row = placeRow[place]
      const begun = performance.now()
      res.on("close", () => {
        inFlight--
        const isStream = place === "admin" && isEventStream(res)
        const outcome = res.writableFinished || isStream ? Math.min(5, Math.floor(res.statusCode / 100)) : 0
        requests.add(row * outcomes.length + outcome)
        // A stream lasts as long as its client likes.
        if (!isStream) durations.observe(row, (performance.now() - begun) / 1000)
        if (place === "admin") countEndpoint(res, outcome)
      })
    },
    /** To be called for each new connection. */
    connected,
    inFlight: (): number => inFlight,
  }
}

export type RequestMeter = ReturnType<typeof requestMeter>

/** Whether it is an answer without an end, which only the client or a stop of the server breaks off. */
const isEventStream = ({ req, statusCode, headersSent }: ServerResponse): boolean =>
  headersSent && statusCode === 200 && routeOf(req).endpoint === `GET ${liveAddress}`

const isBelowApi = (url: string): boolean => url === "/api" || url.startsWith("/api/") || url.startsWith("/api?")

const endpointRows = (endpoint: string, cells: Float64Array): ReadonlyArray<readonly [Labels, number]> => {
  const [method = "", route = ""] = endpoint.split(" ")
  return outcomes.flatMap((status, i) => (cells[i] === 0 ? [] : [[{ method, route, status }, cells[i]!] as const]))
}

/** Sockets count their bytes themselves: those of closed ones are added up, the others asked when somebody wants to know. */
const connectionMeter = () => {
  const open = new Set<Socket>()
  let all = 0
  let sent = 0
  let received = 0
  return {
    connected: (socket: Socket): void => {
      all++
      open.add(socket)
      socket.once("close", () => {
        open.delete(socket)
        sent += socket.bytesWritten
        received += socket.bytesRead
      })
    },
    read: () => {
      let [nowSent, nowReceived] = [sent, received]
      for (const socket of open) {
        nowSent += socket.bytesWritten
        nowReceived += socket.bytesRead
      }
      return { open: open.size, all, sent: nowSent, received: nowReceived }
    },
  }
}
