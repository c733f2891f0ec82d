import * as Context from "effect/Context"
import type { Addresses } from "./api/views.ts"

/** What this server is: fixed from its start. */
export class ServerInfo extends Context.Tag("fazt/ServerInfo")<
  ServerInfo,
  {
    readonly version: string
    readonly domain: string
    /** The port that it listens on; nothing when only the local socket is open. */
    readonly port: () => number | undefined
    readonly db: string
    /** Epoch milliseconds. */
    readonly startedAt: number
    readonly addresses: Addresses
  }
>() {}
