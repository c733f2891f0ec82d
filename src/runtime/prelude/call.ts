/** One request, as the host hands it over. */
export interface Call {
  readonly method: string
  readonly url: string
  /** Names in lower case and values in turn, with line breaks between them: most programs never look at them. */
  readonly headers: string
  readonly body: string | ArrayBuffer | null
}

/** The path, decoded, of a URL that the host has put together. */
export const pathOf = (url: string): string => {
  const start = url.indexOf("/", url.indexOf("//") + 2)
  const end = url.indexOf("?", start)
  if (start === -1) return "/"
  const path = url.slice(start, end === -1 ? undefined : end)
  try {
    return path.includes("%") ? decodeURIComponent(path) : path
  } catch {
    return path
  }
}

/** Its query, without the question mark. */
export const queryOf = (url: string): string => {
  const start = url.indexOf("?")
  return start === -1 ? "" : url.slice(start + 1)
}

/** First values by name; `named` says how a name is written. */
export const firstHeaders = (text: string, named: (name: string) => string): Record<string, string> => {
  const headers = text.split("\n")
  const all: Record<string, string> = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = named(headers[i]!)
    if (!Object.hasOwn(all, name)) all[name] = headers[i + 1]!
  }
  return all
}

/** `content-type` as `Content-Type`. */
export const canonicalName = (name: string): string => name.replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase())

/** A body as text. */
export const bodyText = (body: string | ArrayBuffer | null): string | undefined =>
  body === null ? undefined : typeof body === "string" ? body : new TextDecoder().decode(body)
