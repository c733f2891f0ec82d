import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import type { BlobReader } from "../../events/blobs.ts"
import { blobCache } from "../blobCache.ts"
import { serveObject } from "../static.ts"
import { type Failure, refusal } from "./envelope.ts"

/** Bytes that are stored, and how they are called. */
export interface Content {
  readonly hash: string
  readonly size: number
  readonly type: string
  /** Its path; the last part names the download. */
  readonly path: string
}

/**
 * Answers with stored bytes, piece by piece as the client takes them, with entity tag, ranges and conditions as files of sites have them.
 * What sites and their users have stored comes from the admin's own host here, so it is a download in a sandbox of its own: a browser
 * neither shows nor runs it.
 */
export const contentSender = (blobs: Pick<BlobReader, "chunk" | "variant" | "variants">) => {
  // What is looked at here says nothing about what visitors ask for, so it takes no room in the memory for that.
  const cache = blobCache(blobs, 0)
  return (
    request: HttpServerRequest.HttpServerRequest,
    { hash, size, type, path }: Content,
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, Failure> =>
    Effect.async((resume) => {
      // `script-src 'self'` holds for what is stored here too, so it must never become part of a page.
      if (partsOfPages.has(String(request.headers["sec-fetch-dest"] ?? ""))) return resume(Effect.fail(notForPages))
      const res = NodeHttpServerRequest.toServerResponse(request)
      // The framework finds an answer that has ended and adds nothing. Should the client go away, it interrupts this.
      res.once("finish", () => resume(Effect.succeed(HttpServerResponse.empty())))
      const headers = { ...safeguards, "content-disposition": attachment(path) }
      try {
        serveObject(NodeHttpServerRequest.toIncomingMessage(request), res, { hash, size, type }, 200, headers, cache)
      } catch (error) {
        resume(Effect.die(error))
      }
    })
}

/** What a browser fetches to run it, or to show it as a page (W3C Fetch Metadata, 2.1). */
const partsOfPages: ReadonlySet<string> = new Set([
  "audioworklet",
  "embed",
  "frame",
  "iframe",
  "object",
  "paintworklet",
  "script",
  "serviceworker",
  "sharedworker",
  "style",
  "worker",
  "xslt",
])
const notForPages = refusal("FORBIDDEN", "What sites have stored is never part of the admin's pages.")

const safeguards = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "cross-origin-resource-policy": "same-origin",
  // Which bytes a name stands for can change, and who may read them too.
  "cache-control": "private, no-cache",
}

/** RFC 6266, with the name in UTF-8 as RFC 8187 writes it. */
const attachment = (path: string): string => {
  const name = path.slice(path.lastIndexOf("/") + 1)
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${name.replace(/[^\x20-\x7e]|["\\%]/g, "_")}"; filename*=UTF-8''${encoded}`
}
