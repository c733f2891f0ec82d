import { GuestError, type HostTable } from "../host.ts"

const longest = 65_536

/** Which parts of a URL can be set. */
const parts: ReadonlySet<string> = new Set(["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"])

const checkLength = (text: string): void => {
  if (text.length > longest) throw new GuestError("A URL can have 65,536 characters at most.", { name: "TypeError" })
}

export const urlFunctions: HostTable = {
  "url.parse": {
    kind: "sync",
    takes: "ss",
    run: (input: string, base: string): string | undefined => {
      checkLength(input)
      checkLength(base)
      const href = URL.parse(input, base === "" ? undefined : base)?.href
      if (href !== undefined) checkLength(href)
      return href
    },
  },
  "url.set": {
    kind: "sync",
    takes: "sss",
    run: (href: string, part: string, value: string): string => {
      checkLength(value)
      const url = URL.parse(href)
      if (url === null || !parts.has(part)) return href
      url[part as "hash"] = value
      checkLength(url.href)
      return url.href
    },
  },
}
