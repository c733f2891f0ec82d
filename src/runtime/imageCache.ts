import { type Image, imageBytes } from "./image.ts"
import type { LogEntry, StartRefusal, StartRequest } from "./messages.ts"
import type { Started } from "./pool.ts"

export type Made =
  | { readonly image: Image; readonly logs: ReadonlyArray<LogEntry> }
  | { readonly refusal: StartRefusal; readonly logs: ReadonlyArray<LogEntry> }

/** A program that did not start is not tried again for so long: every request would cost a start. */
const refusedForMs = 5_000

/** The images of programs, those least recently used first to go when they take too many bytes together. */
export const imageCache = (maxBytes: () => number, start: (request: Omit<StartRequest, "id">) => Promise<Started>) => {
  const images = new Map<string, Image>()
  const making = new Map<string, Promise<Made>>()
  let bytes = 0

  const remember = (key: string, image: Image): void => {
    images.set(key, image)
    bytes += imageBytes(image)
    for (const [oldest, old] of images) {
      if (bytes <= maxBytes() || oldest === key) break
      images.delete(oldest)
      bytes -= imageBytes(old)
    }
  }

  return {
    get: (key: string): Image | undefined => {
      const image = images.get(key)
      if (image === undefined) return undefined
      images.delete(key)
      images.set(key, image)
      return image
    },
    /** Starts the program, once for all who ask. */
    make: (key: string, request: Omit<StartRequest, "id">): Promise<Made> => {
      const image = images.get(key)
      if (image !== undefined) return Promise.resolve({ image, logs: [] })
      const known = making.get(key)
      if (known !== undefined) return known
      const { site, manifest, server } = request
      const made = start({ site, manifest, server })
      making.set(key, made)
      made.then(
        (result) => {
          if ("image" in result) {
            remember(key, result.image)
            making.delete(key)
          } else setTimeout(() => making.delete(key), refusedForMs).unref()
        },
        () => making.delete(key),
      )
      return made
    },
    stats: () => ({ count: images.size, bytes }),
  }
}
