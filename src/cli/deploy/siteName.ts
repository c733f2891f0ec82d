import { open } from "node:fs/promises"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { usageError } from "../errors.ts"

/** Whether a site can have that name: one lower-case DNS label. */
export const isLabel = (text: string): boolean => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)

/** The nearest label to a folder's name; `none` if nothing of it can stay. */
export const labelFrom = (name: string): Option.Option<string> => {
  const label = name
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "")
  return isLabel(label) ? Option.some(label) : Option.none()
}

/** What a folder's site is called: as asked, as its `manifest.json` says, or like the folder. */
export const siteName = (folder: string, asked: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(asked)) {
      if (isLabel(asked.value)) return asked.value
      return yield* usageError(`no site can be called '${asked.value}'`, "use lower-case letters, digits and dashes, 63 at most")
    }
    const said = yield* manifestName(folder)
    const name = Option.orElse(said, () => labelFrom(basename(folder)))
    return yield* Option.match(name, {
      onNone: () => usageError(`no site can be called after the folder '${basename(folder)}'`, "give it a name with --name"),
      onSome: (name) => Effect.succeed(name),
    })
  })

/** Enough for any manifest; what is larger is none. */
const longestManifest = 64 * 1024

/** The `name` of a `manifest.json`, if it can be a site's: web app manifests have other names there. */
const manifestName = (folder: string): Effect.Effect<Option.Option<string>> =>
  Effect.tryPromise(async () => {
    const file = await open(join(folder, "manifest.json"))
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(longestManifest))
      const manifest: unknown = JSON.parse(buffer.toString("utf8", 0, bytesRead))
      const name = typeof manifest === "object" && manifest !== null && "name" in manifest ? manifest.name : undefined
      return typeof name === "string" && isLabel(name) ? Option.some(name) : Option.none()
    } finally {
      await file.close()
    }
  }).pipe(Effect.orElseSucceed(() => Option.none()))
