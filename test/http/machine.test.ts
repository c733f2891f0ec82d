import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { totalmem } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { machineMemory } from "../../src/http/machine.ts"
import { temporaryFolder } from "../support/cartridge.ts"

const mebibyte = 1024 ** 2
const meminfo = "MemTotal:        8388608 kB\nMemFree:          102400 kB\nMemAvailable:    4194304 kB\n"
const machine = [8192, 4096]

const folders: Array<string> = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Total and available memory, in MiB, as these files of `/proc` and `/sys` tell it. */
const memory = (files: Readonly<Record<string, string>>): ReadonlyArray<number> => {
  const root = temporaryFolder()
  folders.push(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const { totalBytes, availableBytes } = machineMemory(root)
  return [totalBytes / mebibyte, availableBytes / mebibyte]
}

const v2 = (group: string, limit: string, used = 0, idle = 0) => ({
  [`sys/fs/cgroup/${group}memory.max`]: `${limit}\n`,
  [`sys/fs/cgroup/${group}memory.current`]: `${used * mebibyte}\n`,
  [`sys/fs/cgroup/${group}memory.stat`]: `anon 1\ninactive_file ${idle * mebibyte}\nactive_file 2\n`,
})
const v1 = (group: string, limit: string, used = 0, idle = 0) => ({
  [`sys/fs/cgroup/memory/${group}memory.limit_in_bytes`]: `${limit}\n`,
  [`sys/fs/cgroup/memory/${group}memory.usage_in_bytes`]: `${used * mebibyte}\n`,
  [`sys/fs/cgroup/memory/${group}memory.stat`]: `inactive_file 5\ntotal_inactive_file ${idle * mebibyte}\n`,
})
const of = (mebibytes: number) => String(mebibytes * mebibyte)
const inV2 = { "proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/fazt.service\n" }
const inV1 = { "proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu,cpuacct:/a\n3:memory:/docker/abc\n1:name=systemd:/a\n" }

describe("the memory of the machine", () => {
  it.each<readonly [string, Readonly<Record<string, string>>, ReadonlyArray<number>]>([
    ["has no control group", { "proc/meminfo": meminfo }, machine],
    ["has a group without a limit", { ...inV2, ...v2("system.slice/fazt.service/", "max") }, machine],
    ["has a group with a limit", { ...inV2, ...v2("system.slice/fazt.service/", of(512), 200, 50) }, [512, 362]],
    [
      "has a limit above the group",
      { ...inV2, ...v2("system.slice/fazt.service/", "max", 10), ...v2("system.slice/", of(256), 56) },
      [256, 200],
    ],
    ["has limits all the way up", { ...inV2, ...v2("system.slice/fazt.service/", of(1024), 100), ...v2("", of(2048), 1900) }, [1024, 148]],
    ["has a limit beyond what there is", { ...inV2, ...v2("system.slice/fazt.service/", of(16_384), 1) }, machine],
    ["uses more than its limit", { ...inV2, ...v2("system.slice/fazt.service/", of(512), 600) }, [512, 0]],
    [
      "is in a container that sees its own group as the root",
      { "proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", ...v2("", of(128), 28) },
      [128, 100],
    ],
    [
      "is in a container that sees a path outside",
      { "proc/meminfo": meminfo, "proc/self/cgroup": "0::/../../x\n", ...v2("", of(128), 28) },
      [128, 100],
    ],
    ["has a group of the first version", { ...inV1, ...v1("docker/abc/", of(300), 100, 20) }, [300, 220]],
    ["has a group of the first version, seen as the root", { ...inV1, ...v1("", of(300), 100) }, [300, 200]],
    ["has a group of the first version without a limit", { ...inV1, ...v1("docker/abc/", "9223372036854771712", 100) }, machine],
  ])("is right where the process %s", (_, files, expected) => expect(memory(files)).toEqual(expected))

  it("is what the system says where there are no such files", () => expect(memory({})[0]).toBe(totalmem() / mebibyte))
})
