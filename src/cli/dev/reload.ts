import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, RequestListener, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"

/** What answers a listener's requests, as `http/Edge.ts` takes it. */
type Listener = RequestListener & {
  readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly stop?: () => void
}

/** Where pages ask for the script, and the script for news. */
const eventsPath = "/__fazt_dev"
const scriptPath = "/__fazt_dev.js"

/** Pages larger than this are sent as they are. */
const largestPage = 5 * 1024 * 1024

/**
 * Reloads the page when the site is no longer the version its tag names: when it changes, and also when it has changed between the
 * page and the script, or while the server was away. Once for each version and page: a service worker may go on giving an old one.
 */
const script = `{
  const shown = document.currentScript.src.split("?")[1]
  const news = new EventSource(${JSON.stringify(eventsPath)})
  news.onmessage = ({ data }) => {
    const loaded = "fazt-dev " + location.href
    if (data === shown || data === sessionStorage.getItem(loaded)) return
    sessionStorage.setItem(loaded, data)
    location.reload()
  }
  news.addEventListener("refused", ({ data }) => console.error("fazt dev: " + JSON.parse(data)))
  addEventListener("pagehide", () => news.close())
}
`

const tagOf = (version: number): Buffer => Buffer.from(`<script src="${scriptPath}?${version}" async></script>`)

export interface Reloading {
  readonly listener: Listener
  /** All open pages of the site load themselves again. */
  readonly reload: () => void
  /** Shows all open pages, in their console, why a change is not live. */
  readonly refuse: (reason: string) => void
}

/**
 * A listener whose HTML pages reload when they are told to. No file is changed: the pages get a script tag on their way out. Hosts
 * that are not below `localhost`, such as this machine's address in the local network, lead to `site` too.
 */
export const withReload = (listener: Listener, site: string, domain: string): Reloading => {
  const open = new Set<ServerResponse>()
  let version = Date.now()
  const tell = (text: string): void => {
    for (const res of open) res.write(text)
  }
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    const path = (req.url ?? "").split("?", 1)[0]
    if (path === scriptPath) {
      res.writeHead(200, { "content-type": "text/javascript; charset=utf-8", "cache-control": "no-store" }).end(script)
    } else if (path === eventsPath) {
      res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" }).write(`data: ${version}\n\n`)
      open.add(res)
      res.once("close", () => open.delete(res))
    } else {
      leadTo(req, site, domain)
      // A compressed page could not be changed.
      req.headers["accept-encoding"] = "identity"
      // The version before the page is made: one that changes meanwhile is loaded once too often, not once too seldom.
      listener(req, intoPages(res, tagOf(version)))
    }
  }
  return {
    listener: Object.assign(answer, {
      ...(listener.upgrade === undefined
        ? {}
        : {
            upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
              leadTo(req, site, domain)
              listener.upgrade!(req, socket, head)
            },
          }),
      stop: () => {
        for (const res of open) res.end()
        listener.stop?.()
      },
    }),
    reload: () => {
      version++
      tell(`data: ${version}\n\n`)
    },
    refuse: (reason) => tell(`event: refused\ndata: ${JSON.stringify(reason)}\n\n`),
  }
}

/** Lets a request for any host outside the domain, or for the domain itself, mean the site. */
const leadTo = (req: IncomingMessage, site: string, domain: string): void => {
  const { host, origin } = req.headers
  const [, name = "", port = ""] = /^(\[[^\]]*\]|[^:]*)(:\d+)?$/.exec(host ?? "") ?? []
  if (name.toLowerCase().endsWith(`.${domain}`)) return
  const meant = `${site}.${domain}${port}`
  setHeader(req, "host", meant)
  if (origin !== undefined && URL.parse(origin)?.host === host) setHeader(req, "origin", `http://${meant}`)
}

const setHeader = (req: IncomingMessage, name: string, value: string): void => {
  req.headers[name] = value
  for (let i = 0; i < req.rawHeaders.length; i += 2) if (req.rawHeaders[i]!.toLowerCase() === name) req.rawHeaders[i + 1] = value
}

type Callback = (error?: Error | null) => void

/** The same response, with the script's tag in it if it turns out to be an HTML page. */
const intoPages = (res: ServerResponse, tag: Buffer): ServerResponse => {
  const { writeHead, write, end, flushHeaders } = res
  const original = { writeHead, write, end, flushHeaders }
  /** What has been written of the page; `undefined` once it goes straight on. */
  let held: Array<Buffer> | undefined = []
  let size = 0
  let isDecided = false

  const decide = (): void => {
    if (isDecided) return
    isDecided = true
    if (!isPage(res)) letGo()
  }
  /** From now on it is the response as it was: Node itself calls some of these too. */
  const letGo = (): void => {
    const chunks = held ?? []
    held = undefined
    Object.assign(res, original)
    for (const chunk of chunks) original.write.call(res, chunk, "utf8")
  }

  const changed = {
    /** Nothing is sent yet, so that the length can still change. */
    writeHead: (status: number, ...rest: ReadonlyArray<unknown>): ServerResponse => {
      res.statusCode = status
      if (typeof rest[0] === "string") res.statusMessage = rest[0]
      applyHeaders(res, rest.at(-1))
      return res
    },
    flushHeaders: (): void => {
      decide()
      if (held === undefined) original.flushHeaders.call(res)
    },
    write: (chunk: string | Uint8Array, encoding?: BufferEncoding | Callback, callback?: Callback): boolean => {
      decide()
      if (held === undefined) return original.write.call(res, chunk, encoding as BufferEncoding, callback)
      const bytes = bytesOf(chunk, encoding)
      held.push(bytes)
      size += bytes.length
      if (size > largestPage) letGo()
      const done = typeof encoding === "function" ? encoding : callback
      if (done !== undefined) process.nextTick(done)
      return true
    },
    end: (chunk?: unknown, encoding?: unknown, callback?: unknown): ServerResponse => {
      const done = [chunk, encoding, callback].find((argument) => typeof argument === "function") as (() => void) | undefined
      if (typeof chunk === "string" || chunk instanceof Uint8Array) {
        changed.write(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : undefined)
      } else decide()
      if (held !== undefined && size > 0) {
        const page = withTag(Buffer.concat(held), tag)
        held = []
        letGo()
        res.setHeader("content-length", page.length)
        // A kept page would name an old version.
        res.setHeader("cache-control", "no-store")
        res.removeHeader("etag")
        res.removeHeader("last-modified")
        return original.end.call(res, page, "utf8", done)
      }
      letGo()
      return original.end.call(res, undefined, "utf8", done)
    },
  }
  return Object.assign(res, changed)
}

const isPage = (res: ServerResponse): boolean =>
  res.statusCode !== 206 &&
  !res.hasHeader("content-encoding") &&
  /^text\/html(;\s*charset=utf-8)?$/i.test(String(res.getHeader("content-type") ?? ""))

const bytesOf = (chunk: string | Uint8Array, encoding: unknown): Buffer =>
  typeof chunk === "string" ? Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8") : Buffer.from(chunk)

/** Before the end of the body, or at the end of the page if that is left out. */
const withTag = (page: Buffer, tag: Buffer): Buffer => {
  const at = page.toString("latin1").toLowerCase().lastIndexOf("</body")
  return at === -1 ? Buffer.concat([page, tag]) : Buffer.concat([page.subarray(0, at), tag, page.subarray(at)])
}

/** Headers as `writeHead` takes them: an object, names and values in turn, or pairs. */
const applyHeaders = (res: ServerResponse, given: unknown): void => {
  if (typeof given !== "object" || given === null) return
  const all = new Map<string, OutgoingHttpHeader>()
  for (const [name, value] of pairsOf(given as OutgoingHttpHeaders | ReadonlyArray<unknown>)) {
    const before = all.get(name.toLowerCase())
    all.set(name.toLowerCase(), before === undefined ? value : [before, value].flat().map(String))
  }
  for (const [name, value] of all) res.setHeader(name, value)
}

const pairsOf = (headers: OutgoingHttpHeaders | ReadonlyArray<unknown>): ReadonlyArray<readonly [string, OutgoingHttpHeader]> => {
  if (!Array.isArray(headers)) {
    return Object.entries(headers as OutgoingHttpHeaders).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  }
  const flat = headers.flat() as ReadonlyArray<string>
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]!] as const] : []))
}
