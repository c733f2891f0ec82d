import { encodeInvisible, normalizeUrlPath } from "../urlPath.ts"
import { SPLAT } from "./pathPattern.ts"

/**
 * The destination of a redirect rule, as a template. What a visitor chose (splat, placeholders) can never reach the
 * scheme or the host, and is percent-encoded, so a rule cannot be made an open redirect or split the header.
 */
export interface Destination {
  /** `https://host` for an absolute URL, empty for a path of the same site. */
  readonly origin: string
  readonly path: Template
  readonly query: Template | undefined
  readonly fragment: Template | undefined
}

/** Encoded literal text, and names of captures. */
type Template = ReadonlyArray<string | { readonly name: string }>

export type CompiledDestination = { readonly ok: true; readonly destination: Destination } | { readonly ok: false; readonly reason: string }

function refuse(reason: string): CompiledDestination {
  return { ok: false, reason }
}

export function isDestination(token: string): boolean {
  return token.startsWith("/") || /^[a-z][a-z0-9+.-]*:\/\//i.test(token)
}

export function compileDestination(text: string, names: ReadonlyArray<string>): CompiledDestination {
  if (text.includes("\\")) return refuse("the destination must not hold a backslash")
  if (text.startsWith("//")) return refuse("the destination must start with one /, or with http:// or https://")
  let origin = ""
  let rest = text
  if (!text.startsWith("/")) {
    const absolute = /^(https?:\/\/[^/?#]*)(.*)$/iu.exec(text)
    const url = absolute === null ? null : URL.parse(absolute[1] ?? "")
    if (url === null) return refuse("the destination is no http or https URL; its host must be written out")
    if (url.username !== "" || url.password !== "") return refuse("the destination must not name a user")
    origin = url.origin
    rest = absolute?.[2] ?? ""
  }
  const [beforeFragment, fragment] = cut(encodeInvisible(rest), "#")
  const [path, query] = cut(beforeFragment, "?")
  const unknown = /[/=]:([A-Za-z_]\w*)/g
  for (const [, name] of `${path}?${query ?? ""}`.matchAll(unknown))
    if (name !== undefined && !names.includes(name)) return refuse(`nothing in the rule gives :${name} a value`)
  const part = (piece: string | undefined) => (piece === undefined ? undefined : template(piece, names))
  const destination = { origin, path: template(path, names), query: part(query), fragment: part(fragment) }
  const sample = renderPath(destination, new Map(names.map((name) => [name, "x"])))
  if (sample === undefined) return refuse("the destination must not hold . or .. segments")
  return { ok: true, destination }
}

function cut(text: string, mark: string): readonly [string, string | undefined] {
  const at = text.indexOf(mark)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** A `:name` that the rule does not capture is plain text, as in `/wiki/Talk:Home`. */
function template(text: string, names: ReadonlyArray<string>): Template {
  const parts: Array<string | { readonly name: string }> = []
  let literal = ""
  for (const piece of text.split(/(:[A-Za-z_]\w*)/)) {
    if (piece.startsWith(":") && names.includes(piece.slice(1))) {
      if (literal !== "") parts.push(literal)
      literal = ""
      parts.push({ name: piece.slice(1) })
    } else literal += piece
  }
  if (literal !== "") parts.push(literal)
  return parts
}

function render(parts: Template, captures: ReadonlyMap<string, string>, inPath: boolean): string {
  let text = ""
  for (const part of parts) {
    if (typeof part === "string") {
      text += part
      continue
    }
    const value = (captures.get(part.name) ?? "").toWellFormed()
    // Only the splat stands for several segments.
    text += inPath && part.name === SPLAT ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value)
  }
  return text
}

/** Undefined when the captures make a dot segment (RFC 3986 section 5.2.4): the path would lead somewhere else. */
function renderPath(destination: Destination, captures: ReadonlyMap<string, string>): string | undefined {
  const path = render(destination.path, captures, true)
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) return undefined
  // A splat may begin with, or be, nothing: `//host` must not come of it.
  return destination.origin === "" ? path.replace(/\/{2,}/g, "/") : path
}

export interface Rendered {
  readonly path: string
  readonly query: string
  readonly fragment: string
}

/** The parts of the destination, encoded; the request's query is passed on where the destination has none. */
export function renderDestination(
  destination: Destination,
  captures: ReadonlyMap<string, string>,
  requestQuery: string,
): Rendered | undefined {
  const path = renderPath(destination, captures)
  if (path === undefined) return undefined
  const { query, fragment } = destination
  return {
    path,
    query: query === undefined ? encodeInvisible(requestQuery) : render(query, captures, false),
    fragment: fragment === undefined ? "" : render(fragment, captures, false),
  }
}

export function locationOf(destination: Destination, { path, query, fragment }: Rendered): string {
  const text = `${destination.origin}${path}`
  return `${text}${query === "" ? "" : `?${query}`}${fragment === "" ? "" : `#${fragment}`}`
}

/** Whether the client would come back with the very request it has just made. */
export function leadsBack(destination: Destination, rendered: Rendered, path: string, query: string): boolean {
  if (destination.origin !== "" || rendered.query !== query) return false
  const target = normalizeUrlPath(rendered.path)
  return target.ok && target.path === path
}
