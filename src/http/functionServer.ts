import type { IncomingMessage, ServerResponse } from "node:http"
import type { FunctionCall, FunctionResult, FunctionTarget } from "../runtime/functions.ts"
import type { BlobCache } from "./blobCache.ts"
import type { Client } from "./clientOf.ts"
import { shareWithOrigins } from "./cors.ts"
import { sendFailure, sendResult } from "./functionAnswer.ts"
import { functionCall, readBody } from "./functionCall.ts"
import type { SiteSnapshot } from "./site.ts"
import type { UrlPath } from "./urlPath.ts"

/** Answers a request with a site's own code. */
export type FunctionServer = (
  req: IncomingMessage,
  res: ServerResponse,
  url: UrlPath & { readonly ok: true },
  host: string,
  snapshot: SiteSnapshot,
) => void

export interface FunctionServerOptions {
  readonly run: (target: FunctionTarget, call: FunctionCall, done: (result: FunctionResult) => void) => void
  readonly cache: BlobCache
  /** The largest request body, in bytes. */
  readonly maxBodyBytes: () => number
  readonly clientOf: (req: IncomingMessage) => Client
}

export const functionServer = ({ run, cache, maxBodyBytes, clientOf }: FunctionServerOptions): FunctionServer => {
  const targets = new WeakMap<SiteSnapshot, FunctionTarget>()

  const targetOf = (snapshot: SiteSnapshot): FunctionTarget => {
    const known = targets.get(snapshot)
    if (known !== undefined) return known
    const { site, deploy, manifest, server } = snapshot
    const target = { site, deploy, manifest, server: server! }
    targets.set(snapshot, target)
    return target
  }

  return (req, res, url, host, snapshot) => {
    if (snapshot.server === undefined) throw new Error(`${snapshot.site} has no server code.`)
    const { cors } = snapshot
    if (cors !== undefined && shareWithOrigins(req, res, cors) === "answered") return
    readBody(req, maxBodyBytes(), (read) => {
      const call = functionCall(req, url, host, read.ok ? read.body : undefined, clientOf(req))
      if (!read.ok)
        return sendFailure(req, res, call.request, { status: read.status, code: read.status === 413 ? "PAYLOAD_TOO_LARGE" : "BAD_REQUEST" })
      if (snapshot.preview) res.setHeader("x-robots-tag", "noindex")
      run(targetOf(snapshot), call, (result) => sendResult(req, res, call.request, result, cache, cors !== undefined))
    })
  }
}
