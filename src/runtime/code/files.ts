/** The files of one deploy, as far as server code is concerned. Paths are site-relative, without a leading slash. */
export interface SiteFiles {
  readonly has: (path: string) => boolean
  /** The size in bytes; asked for only where `has`. */
  readonly size: (path: string) => number
  /** The text; asked for only where `has`, and not for files over `maxCodeBytes`. */
  readonly read: (path: string) => string
}

/** The largest file that server code may consist of. */
export const maxCodeBytes = 10 * 1024 * 1024

/** Files that are in memory already. */
export const filesOf = (files: Readonly<Record<string, string>>): SiteFiles => ({
  has: (path) => Object.hasOwn(files, path),
  size: (path) => Buffer.byteLength(files[path]!),
  read: (path) => files[path]!,
})
