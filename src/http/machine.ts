import { readFileSync } from "node:fs"
import { freemem, totalmem } from "node:os"
import { join, posix } from "node:path"

/** The memory that this process may use, and what of it is free. */
export interface Memory {
  readonly totalBytes: number
  readonly availableBytes: number
}

/**
 * What the machine has, or less where a control group (v2 or v1) that the process is in, or one above it, may have less. `root`: where
 * `/proc` and `/sys` are.
 */
export const machineMemory = (root = "/"): Memory => {
  const machine = machineItself(root)
  const groups = groupsOf(root)
  return {
    totalBytes: Math.min(machine.totalBytes, ...groups.map(({ totalBytes }) => totalBytes)),
    availableBytes: Math.max(0, Math.min(machine.availableBytes, ...groups.map(({ availableBytes }) => availableBytes))),
  }
}

const machineItself = (root: string): Memory => {
  const text = textOf(root, "proc/meminfo") ?? ""
  const bytes = (name: string): number | undefined => {
    const [, kibibytes] = new RegExp(`^${name}: +(\\d+) kB`, "m").exec(text) ?? []
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
  }
  return { totalBytes: bytes("MemTotal") ?? totalmem(), availableBytes: bytes("MemAvailable") ?? freemem() }
}

/** Where each kind of control group keeps its numbers. */
const kinds = {
  v2: { folder: "sys/fs/cgroup", limit: "memory.max", used: "memory.current", idle: /^inactive_file (\d+)/m },
  v1: {
    folder: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    idle: /^total_inactive_file (\d+)/m,
  },
} as const

/** A limit of this many bytes is how a group of the first version says that it has none. */
const unlimited = 2 ** 60

/** The limits of the process's control group and of those above it; none for a group that has no limit. */
const groupsOf = (root: string): ReadonlyArray<Memory> => {
  for (const line of (textOf(root, "proc/self/cgroup") ?? "").split("\n")) {
    const [, id, controllers = "", path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    if (path === undefined) continue
    if (controllers.split(",").includes("memory")) return upwards(path).flatMap((group) => limitOf(root, kinds.v1, group))
    if (id === "0" && controllers === "") {
      const found = upwards(path).flatMap((group) => limitOf(root, kinds.v2, group))
      if (found.length > 0) return found
    }
  }
  return []
}

const upwards = (path: string): ReadonlyArray<string> => {
  // A path that leads out of what can be seen from here is that of a group outside of the container.
  const inside = path.includes("..") ? "/" : posix.normalize(path)
  return inside === "/" ? ["/"] : [inside, ...upwards(posix.dirname(inside))]
}

const limitOf = (root: string, kind: (typeof kinds)[keyof typeof kinds], group: string): ReadonlyArray<Memory> => {
  const folder = join(kind.folder, group)
  const limit = Number(textOf(root, join(folder, kind.limit)) ?? Number.NaN)
  if (!(limit > 0 && limit < unlimited)) return []
  const used = Number(textOf(root, join(folder, kind.used)) ?? 0)
  // What is kept of files is given back when somebody needs the memory.
  const idle = Number(kind.idle.exec(textOf(root, join(folder, "memory.stat")) ?? "")?.[1] ?? 0)
  return [{ totalBytes: limit, availableBytes: limit - Math.max(0, used - idle) }]
}

/** Other systems have none of these files, and a container may hide some. */
const textOf = (root: string, path: string): string | undefined => {
  try {
    return readFileSync(join(root, path), "utf8")
  } catch {
    return undefined
  }
}
