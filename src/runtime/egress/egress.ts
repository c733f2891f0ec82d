import type { Dispatcher } from "undici"
import { GuestError } from "../host.ts"
import { receive } from "./body.ts"
import { dialer, dnsResolve, type MayDial, mayDialPublic, type Resolve } from "./dial.ts"
import { badRequest, fromNetwork, netError, quoted } from "./errors.ts"
import { type FlatHeaders, headerOf, headersReceived, headersToSend } from "./headers.ts"
import { siteLanes } from "./lanes.ts"
import { type Hop, isRedirect, nextHop } from "./redirect.ts"
import { targetOf } from "./target.ts"

/** Redirects of one call that are followed. */
const mostRedirects = 5

/** A call as user code asks for it. */
export interface Outgoing {
  readonly url: string
  readonly method: string
  /** Name and value in turn. */
  readonly headers: FlatHeaders
  readonly body: Uint8Array | undefined
  readonly redirect: "follow" | "manual" | "error"
}

/** What a call has to keep to. */
export interface Policy {
  readonly site: string
  /** Empty: any public host. */
  readonly allowedHosts: ReadonlyArray<string>
  /** The most bytes of the body that is sent, and of the one that comes back. */
  readonly maxBytes: number
  /** How long it may take from beginning to end, in milliseconds. */
  readonly ms: number
  readonly signal: AbortSignal
  /** Called before the call and before each redirect that is followed; throws if there may be no more. */
  readonly beforeEach: () => void
}

/** The answer of the other server. `url` is where it came from in the end. */
export interface Incoming {
  readonly status: number
  readonly statusText: string
  readonly headers: FlatHeaders
  readonly url: string
  readonly redirected: boolean
  readonly body: Uint8Array
}

export interface Egress {
  readonly send: (outgoing: Outgoing, policy: Policy) => Promise<Incoming>
  /** Open sockets, by site. */
  readonly sockets: () => Readonly<Record<string, number>>
  readonly close: () => Promise<void>
}

/**
 * Calls other servers for user code. Nothing but the public internet can be reached: each address is checked when its socket is
 * opened, and each redirect like a first call.
 *
 * `resolve` and `mayDial` are for tests, which give names addresses and let chosen ports of the loopback count as public.
 */
export const egress = ({
  resolve = dnsResolve(),
  mayDial = mayDialPublic,
}: {
  readonly resolve?: Resolve
  readonly mayDial?: MayDial
} = {}): Egress => {
  const lanes = siteLanes((onSocket) => dialer(resolve, mayDial, onSocket))

  const send = async (outgoing: Outgoing, policy: Policy): Promise<Incoming> => {
    const first = firstHop(outgoing, policy)
    const timeout = AbortSignal.timeout(policy.ms)
    const signal = AbortSignal.any([policy.signal, timeout])
    let where = first.url.host
    try {
      signal.throwIfAborted()
      const place = await lanes.place(policy.site, signal)
      try {
        let hop = first
        for (let redirects = 0; ; redirects++) {
          where = hop.url.host
          policy.beforeEach()
          const answer = await oneHop(place.agent, hop, place.keep, signal)
          const headers = headersReceived(answer.headers as unknown as FlatHeaders, where)
          const location = isRedirect(answer.statusCode) ? headerOf(headers, "location") : undefined
          if (location === undefined || outgoing.redirect === "manual") {
            const received = await bodyOf(answer, headers, hop, policy, signal)
            return {
              status: answer.statusCode,
              statusText: answer.statusText,
              headers: received.headers,
              url: withoutHash(hop.url),
              redirected: redirects > 0,
              body: received.body,
            }
          }
          discard(answer)
          if (outgoing.redirect === "error")
            throw netError(
              "NET_ERROR",
              `${where} answered with a redirect (${answer.statusCode}), and the call asks for redirect: "error".`,
            )
          if (redirects === mostRedirects)
            throw netError("NET_LIMIT", `The call was redirected more than ${mostRedirects} times, at last by ${where}.`)
          hop = nextHop(hop, answer.statusCode, location, policy.allowedHosts)
        }
      } finally {
        place.leave()
      }
    } catch (error) {
      if (policy.signal.aborted) throw new GuestError("The call was given up, since the request is over.", { name: "AbortError" })
      if (timeout.aborted)
        throw netError(
          "NET_TIMEOUT",
          `The call to ${where} took longer than ${policy.ms} ms, the most that a call may take (functions.subrequest_ms).`,
        )
      throw fromNetwork(error, where)
    }
  }

  return { send, sockets: lanes.sockets, close: lanes.close }
}

const firstHop = ({ url, method, headers, body }: Outgoing, { allowedHosts, maxBytes }: Policy): Hop => {
  const verb = methodOf(method)
  if (body !== undefined && (verb === "GET" || verb === "HEAD")) throw badRequest(`A ${verb} request cannot have a body.`)
  if (body !== undefined && body.length > maxBytes)
    throw netError("NET_SIZE", `The body has ${body.length} bytes; a call may send at most ${maxBytes} (functions.subrequest_bytes).`)
  return { url: targetOf(url, undefined, allowedHosts), method: verb, headers: headersToSend(headers), body }
}

/** A method as it is sent: the common ones in upper case, others as they are. */
const methodOf = (method: string): string => {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/.test(method)) throw badRequest(`${quoted(method)} is not a valid method.`)
  const upper = method.toUpperCase()
  if (["CONNECT", "TRACE", "TRACK"].includes(upper)) throw badRequest(`The method ${upper} cannot be used.`)
  return ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].includes(upper) ? upper : method
}

const oneHop = (
  agent: Dispatcher,
  { url, method, headers, body }: Hop,
  keep: boolean,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> => {
  const answer = agent.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers: [...headers],
    body: body ?? null,
    responseHeaders: "raw",
    reset: !keep,
    signal,
  })
  // Until there is a socket, undici does not answer to the signal.
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason)
    signal.addEventListener("abort", giveUp, { once: true })
    answer.then(
      (data) => {
        signal.removeEventListener("abort", giveUp)
        if (signal.aborted) discard(data)
        resolve(data)
      },
      (error) => {
        signal.removeEventListener("abort", giveUp)
        reject(error)
      },
    )
  })
}

const bodyOf = async (answer: Dispatcher.ResponseData, headers: FlatHeaders, { method, url }: Hop, policy: Policy, signal: AbortSignal) => {
  try {
    return await receive(answer.body, headers, { method, most: policy.maxBytes, where: url.host, signal })
  } catch (error) {
    discard(answer)
    throw error
  }
}

/** Nobody wants the rest of this body; its socket is closed. */
const discard = ({ body }: Dispatcher.ResponseData): void => void body.on("error", () => {}).destroy()

const withoutHash = (url: URL): string => {
  const bare = new URL(url)
  bare.hash = ""
  return bare.href
}
