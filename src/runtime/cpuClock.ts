import { readFileSync, readlinkSync } from "node:fs"

/** Processor time that this thread has used, in milliseconds. Time in which others had the processor does not count. */
export const threadCpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** The number under which the kernel knows this thread; nothing where there is no Linux kernel to ask. */
export const kernelThread = (): number | undefined => {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1))
  } catch {
    return undefined
  }
}

/** Processor time that another thread of this process has used, in milliseconds; nothing if that cannot be known. */
export const cpuMsOf = (thread: number): number | undefined => {
  try {
    return Number(readFileSync(`/proc/self/task/${thread}/schedstat`, "utf8").split(" ", 1)[0]) / 1e6
  } catch {
    return undefined
  }
}
