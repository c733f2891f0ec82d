/** A link as it is kept under `link/<slug>`; how often it was followed is under `hits/<slug>`. */
export interface Link {
  readonly url: string
  readonly at: number
}

export const linkOf = (slug: string, { url, at }: Link, hits: number) => ({ slug, url, at, hits })
export type ShownLink = ReturnType<typeof linkOf>

/** Paths that the app itself answers. */
const reserved: ReadonlySet<string> = new Set(["api", "links", "ws", "_ws"])

/** Why a link cannot be added; nothing if it can. */
export const problemOf = (url: string, slug: string): string | undefined => {
  const parsed = URL.parse(url)
  if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) return "Links begin with http:// or https://."
  if (url.length > 2000) return "A link has 2000 characters at most."
  if (slug !== "" && !/^[A-Za-z0-9-]{1,40}$/.test(slug)) return "A short name has 1 to 40 letters, digits and dashes."
  return reserved.has(slug.toLowerCase()) ? `“${slug}” cannot be used.` : undefined
}

// Without those that look alike.
const letters = "23456789abcdefghjkmnpqrstuvwxyz"

export const newSlug = (isTaken: (slug: string) => boolean): string => {
  for (let length = 5; ; length++) {
    const slug = [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => letters[byte % letters.length]).join("")
    if (!isTaken(slug)) return slug
  }
}
