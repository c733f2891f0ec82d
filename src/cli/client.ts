import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as Effect from "effect/Effect"
import { defaultDb, Environment } from "../config.ts"
import { Api } from "../http/api/Api.ts"
import type { ServerOptions } from "./connection.ts"
import type { CliError } from "./errors.ts"
import { note } from "./output.ts"
import { readPeers } from "./peers.ts"
import { chooseTarget, isExposed } from "./target.ts"
import { local, remote, type Transport } from "./transport.ts"

type Client =
  typeof Api extends HttpApi.HttpApi<string, infer Groups, infer ApiError, infer _R>
    ? HttpApiClient.Client<Groups, ApiError | HttpClientError | CliError, never>
    : never

/** The API of one server, wherever it is. */
export interface Server {
  readonly api: Client
  /** The same for bodies that are not JSON. */
  readonly http: Transport
}

/** The groups of the API, each made when it is first used: to make the whole API ready takes longer than most commands. */
const clientOf = (httpClient: Transport): Client => {
  const groups = new Map<string, unknown>()
  const groupOf = (group: keyof Client): unknown => {
    // Making it waits for nothing.
    if (!groups.has(group)) groups.set(group, Effect.runSync(HttpApiClient.group(Api, { group, httpClient })))
    return groups.get(group)
  }
  const names = Object.keys(Api.groups) as ReadonlyArray<keyof Client>
  return Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { get: () => groupOf(name) }]))) as Client
}

export const serverOf = (http: Transport): Server => ({ api: clientOf(http), http })

/** What flags and environment mean. */
export const findTarget = (options: ServerOptions) =>
  Effect.gen(function* () {
    return yield* chooseTarget({ ...options, env: yield* Environment, defaultDb, peers: yield* readPeers })
  })

/**
 * The server that flags and environment mean. What it takes to reach it lasts until the scope closes. Where no server runs on
 * a cartridge of this machine, this process opens it, if it may.
 */
export const connect = (options: ServerOptions, { mayOpen }: { readonly mayOpen: boolean }) =>
  Effect.gen(function* () {
    const target = yield* findTarget(options)
    if (target.kind === "remote" && target.token._tag === "Some" && isExposed(target.url)) {
      yield* note(`warning: the API key travels unencrypted to ${target.url}`)
    }
    const http: Transport = target.kind === "local" ? yield* local(target.db, mayOpen) : yield* remote(target.url, target.token)
    return serverOf(http)
  })
