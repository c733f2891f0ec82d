import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as Effect from "effect/Effect"
import { defaultDb, Environment } from "../config.ts"
import { Api } from "../http/api/Api.ts"
import type { ServerOptions } from "./connection.ts"
import { note } from "./output.ts"
import { readPeers } from "./peers.ts"
import { chooseTarget, isExposed } from "./target.ts"
import { local, remote, type Transport } from "./transport.ts"

const makeApi = (httpClient: Transport) => HttpApiClient.makeWith(Api, { httpClient })

/** The API of one server, wherever it is. */
export interface Server {
  readonly api: Effect.Effect.Success<ReturnType<typeof makeApi>>
  /** The same for bodies that are not JSON. */
  readonly http: Transport
}

export const makeServer = (http: Transport): Effect.Effect<Server> => Effect.map(makeApi(http), (api) => ({ api, http }))

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
    return yield* makeServer(http)
  })
