import { type FSWatcher, watch } from "node:fs"
import { stat } from "node:fs/promises"

/** How long nothing may happen before a change counts as done: editors write in several steps. */
const quietMs = 100
/** How often it is looked whether the folder is still the one that is watched: builds remove theirs and make it again. */
const checkMs = 500

const isIgnored = (path: string): boolean => /(^|[\\/])(node_modules|\.git)([\\/]|$)/.test(path)

/** Calls `onChange` after files in a folder have changed, also if the folder itself is replaced. Gives what ends it. */
export const watchFolder = (folder: string, onChange: () => void): (() => void) => {
  let watcher: FSWatcher | undefined
  let watched: number | undefined
  let timer: NodeJS.Timeout | undefined
  let isEnded = false

  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(onChange, quietMs)
  }
  const lose = (): void => {
    watcher?.close()
    watcher = undefined
  }
  const look = async (): Promise<void> => {
    const inode = await stat(folder).then(
      (stats) => (stats.isDirectory() ? stats.ino : undefined),
      () => undefined,
    )
    if (isEnded || (inode === watched && watcher !== undefined)) return
    const isFirst = watched === undefined
    lose()
    if (inode === undefined) return
    try {
      watcher = watch(folder, { recursive: true, ignore: isIgnored }, changed).on("error", lose)
      watched = inode
      if (!isFirst) changed()
    } catch {
      // It went away in this moment; the next look finds what takes its place.
    }
  }

  void look()
  const interval = setInterval(() => void look(), checkMs)
  return () => {
    isEnded = true
    clearInterval(interval)
    clearTimeout(timer)
    lose()
  }
}
