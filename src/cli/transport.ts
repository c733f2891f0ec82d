import { lookup } from "node:dns"
import type { AgentOptions } from "node:https"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError, RequestError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { type Environment, localSocket } from "../config.ts"
import { CliError, messageOf, systemCode } from "./errors.ts"
import { exitCodes } from "./exitCodes.ts"
import { reachCartridge } from "./localCartridge.ts"
import { isLocalName } from "./target.ts"

/** A client whose requests go to one server, by path, and whose answers are that server's API's. */
export type Transport = HttpClient.HttpClient.With<HttpClientError | CliError>

const agentClient = (options: AgentOptions & { readonly socketPath?: string }) =>
  Effect.provideServiceEffect(NodeHttpClient.make, NodeHttpClient.HttpAgent, NodeHttpClient.makeAgent(options))

/** Another server, over HTTP. Safe requests that a broken connection cut off are made again. */
export const remote = (url: string, token: Option.Option<Redacted.Redacted>) =>
  Effect.map(agentClient({ keepAlive: true, lookup: resolve }), (client): Transport => {
    const authorised = HttpClient.mapRequest(client, (request) =>
      HttpClientRequest.prependUrl(
        Option.isSome(token) ? HttpClientRequest.bearerToken(request, Redacted.value(token.value)) : request,
        url,
      ),
    )
    return HttpClient.transform(authorised, (response, request) =>
      response.pipe(
        Effect.retry({
          while: (error) => isSafe(request.method) && isCutOff(error),
          schedule: Schedule.intersect(Schedule.exponential("200 millis"), Schedule.recurs(2)),
        }),
        Effect.mapError((error) => unreachable(error, url)),
        Effect.flatMap(onlyApi(url, request)),
      ),
    )
  })

/**
 * The cartridge on this machine, over its local socket. Whoever serves it may be a command that ends: then a request that
 * got no answer is made again to the next who does; this process itself does so only if it may open the cartridge.
 */
export const local = (db: string, mayOpen: boolean) =>
  Effect.gen(function* () {
    const scope = yield* Scope.Scope
    const context = yield* Effect.context<Environment>()
    const reach = reachCartridge(db, mayOpen).pipe(Scope.extend(scope), Effect.provide(context))
    if (mayOpen) yield* reach
    // Every request connects anew: a kept connection could belong to a command that has just ended.
    const client = yield* agentClient({ keepAlive: false, socketPath: localSocket(db) })
    const here = HttpClient.mapRequest(client, HttpClientRequest.prependUrl("http://localhost"))
    return HttpClient.transform(here, (response, request) => {
      // A change that got no answer may have happened: it is made again only if it cannot have been heard.
      const mayRepeat = isSafe(request.method) ? isCutOff : isUnheard
      return response.pipe(
        Effect.catchIf(mayRepeat, () => Effect.zipRight(reach, response)),
        Effect.catchIf(mayRepeat, () => Effect.zipRight(reach, response)),
        Effect.mapError((error) => unreachable(error, `the cartridge ${db}`)),
        Effect.flatMap(onlyApi("http://localhost", request)),
      )
    }) satisfies Transport
  })

/** Systems differ in whether they resolve names below `localhost`. */
const resolve: typeof lookup = ((host: string, options: object, callback: (error: Error | null) => void) =>
  lookup(isLocalName(host) ? "localhost" : host, options, callback)) as typeof lookup

const isSafe = (method: string): boolean => method === "GET" || method === "PUT"

const isTransport = (error: HttpClientError | CliError): error is RequestError =>
  error._tag === "RequestError" && error.reason === "Transport"

const isCutOff = (error: HttpClientError | CliError): boolean =>
  isTransport(error) && ["ECONNRESET", "EPIPE", "ECONNREFUSED", "ENOENT"].includes(systemCode(error.cause) ?? "")

/** Nobody took the connection. */
const isUnheard = (error: HttpClientError | CliError): boolean =>
  isTransport(error) && ["ECONNREFUSED", "ENOENT"].includes(systemCode(error.cause) ?? "")

const reasons: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was cut off",
  EPIPE: "the connection was cut off",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name cannot be resolved",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the host",
}

const hints: Record<string, string> = {
  ECONNREFUSED: "is the server running? Start it with `fazt server start`",
  ENOTFOUND: "check the name, and its DNS records",
}

const unreachable = (error: HttpClientError | CliError, whom: string): HttpClientError | CliError => {
  if (!isTransport(error)) return error
  const cause = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause
  const code = systemCode(cause) ?? ""
  const hint = hints[code]
  return new CliError({
    code: "UNREACHABLE",
    message: `cannot reach ${whom}: ${reasons[code] ?? messageOf(cause)}`,
    exitCode: exitCodes.unreachable,
    ...(hint === undefined ? {} : { hint }),
  })
}

/**
 * What the API says is JSON; anything else comes from a site, a proxy or another program. A request that says itself what it accepts
 * gets other things too, but no refusal that is none of the API's.
 */
const onlyApi = (base: string, request: HttpClientRequest.HttpClientRequest) => (response: HttpClientResponse) => {
  if (/^application\/json\b/.test(response.headers["content-type"] ?? "")) return Effect.succeed(response)
  if (request.headers["accept"] !== undefined && response.status < 300) return Effect.succeed(response)
  const { hostname, host, port, protocol } = new URL(base)
  const isBare = /^[\d.]+$|^\[/.test(hostname)
  const admin = isLocalName(hostname) ? `: try --to localhost:${port}` : isBare ? "" : `: try --to ${protocol}//admin.${host}`
  const location = response.headers["location"]
  const hint =
    location !== undefined && response.status >= 300 && response.status < 400
      ? `it redirects to ${location}: name that server`
      : response.status === 404 && !hostname.startsWith("admin.")
        ? `that host serves sites, the API is at admin.<domain>${admin}`
        : "is that a Fazt server?"
  return new CliError({
    code: "NOT_THE_API",
    message: `${base} answered ${response.status}, but not as the Fazt API does`,
    hint,
    exitCode: exitCodeOf(response.status),
  })
}

const exitCodeOf = (status: number) => (status === 404 ? exitCodes.notFound : exitCodes.failure)
