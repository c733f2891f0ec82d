/**
 * The request target, made canonical once, before any decision is taken on it.
 *
 * Everything later (host routing, redirect rules, file lookup) sees only the result, so no two parts of the server
 * can read the same target differently. RFC 9112 section 3.2 (request target), RFC 3986 sections 5.2.4 (dot segments)
 * and 6.2.2 (normalisation). What is malformed is refused rather than repaired, as RFC 9112 section 3.2 advises.
 */

export type UrlPath =
  | { readonly ok: true; readonly path: string; readonly query: string }
  | { readonly ok: false; readonly status: 400 | 414; readonly reason: string }

const MAX_TARGET_LENGTH = 8192

const SLASH = 0x2f
const DOT = 0x2e
const QUESTION = 0x3f
const HASH = 0x23

/** 1 for the ASCII characters that mean themselves in a path: no decoding, no normalising. */
const PLAIN = new Uint8Array(128)
for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.~-") PLAIN[c.charCodeAt(0)] = 1

/** Index of the first character that is not plain; a slash before a slash or a dot is not plain either. */
function plainLength(text: string): number {
  const length = text.length
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i)
    if (c === SLASH) {
      const next = text.charCodeAt(i + 1)
      if (next === SLASH || next === DOT) return i
    } else if (c > 127 || PLAIN[c] === 0) return i
  }
  return length
}

/** Whether everything from `from` on is visible ASCII without a fragment mark. */
function isVisible(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c <= 0x20 || c >= 0x7f || c === HASH) return false
  }
  return true
}

function bad(reason: string): UrlPath {
  return { ok: false, status: 400, reason }
}

/**
 * Turns a raw request target (origin-form or absolute-form, RFC 9112 sections 3.2.1 and 3.2.2) into a decoded path and
 * a verbatim query. The path starts with exactly one `/`, holds no dot segment, no empty segment but a last one (a
 * trailing slash is kept), no control character and no backslash; it is in NFC.
 */
export function normalizeUrlPath(target: string): UrlPath {
  const length = target.length
  if (length > MAX_TARGET_LENGTH) return { ok: false, status: 414, reason: "the request target is too long" }
  if (target.charCodeAt(0) === SLASH) {
    const plain = plainLength(target)
    if (plain === length) return { ok: true, path: target, query: "" }
    if (target.charCodeAt(plain) === QUESTION && isVisible(target, plain + 1))
      return { ok: true, path: target.slice(0, plain), query: target.slice(plain + 1) }
  }
  return normalizeSlowly(target)
}

function normalizeSlowly(target: string): UrlPath {
  if (/[^\x21-\x7e]/.test(target)) return bad("the request target holds a character that must be percent-encoded")
  const hash = target.indexOf("#")
  let rest = hash === -1 ? target : target.slice(0, hash)
  if (rest.charCodeAt(0) !== SLASH) {
    const scheme = /^https?:\/\//i.exec(rest)
    if (scheme === null) return bad("the request target is neither a path nor an http URL")
    rest = rest.slice(scheme[0].length)
    const end = rest.search(/[/?]/)
    const authority = end === -1 ? rest : rest.slice(0, end)
    if (authority === "" || authority.includes("\\")) return bad("the request target names no host")
    rest = end === -1 ? "" : rest.slice(end)
  }
  const question = rest.indexOf("?")
  const raw = question === -1 ? rest : rest.slice(0, question)
  // A decoded slash would change how many segments the path has: no reading of it is the right one.
  if (/%2f/i.test(raw)) return bad("an encoded slash is not allowed in a path")
  let decoded: string
  try {
    decoded = decodeURIComponent(raw).normalize("NFC")
  } catch {
    return bad("the path is not percent-encoded UTF-8")
  }
  if (/[\p{Cc}\\]/u.test(decoded)) return bad("the path holds a control character or a backslash")
  return { ok: true, path: withoutDotSegments(decoded), query: question === -1 ? "" : rest.slice(question + 1) }
}

function withoutDotSegments(path: string): string {
  const kept: Array<string> = []
  let last = ""
  for (const segment of path.split("/")) {
    last = segment
    if (segment === "..") kept.pop()
    else if (segment !== "" && segment !== ".") kept.push(segment)
  }
  const folder = last === "" || last === "." || last === ".."
  return kept.length === 0 ? "/" : `/${kept.join("/")}${folder ? "/" : ""}`
}

/**
 * Percent-encodes a decoded path for a Location field (RFC 9110 section 10.2.2). The result starts with exactly one
 * `/` and is visible ASCII without a backslash: a browser cannot read it as `//host`, and it cannot end the field.
 */
export function encodeUrlPath(path: string): string {
  if (path.charCodeAt(0) === SLASH && plainLength(path) === path.length) return path
  const encoded = encodeURI(path.toWellFormed()).replaceAll("?", "%3F").replaceAll("#", "%23")
  return `/${encoded}`.replace(/\/{2,}/g, "/")
}

/** Percent-encodes only what may not stand in a URL at all; what is encoded already stays as it is. */
export function encodeInvisible(text: string): string {
  return /[^\x21-\x7e]/.test(text) ? text.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent) : text
}
