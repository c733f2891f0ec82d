import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { BenchProgram } from "./functionPrograms.ts"
import type { RawAnswer } from "./functionsRaw.ts"
import { waitForAnswer } from "./server.ts"

/** A server in a process of its own. */
export interface Rival {
  readonly name: string
  readonly pid: number
  readonly port: number
  readonly host: string
  readonly stop: () => Promise<void>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const ended = (child: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once("close", () => resolve())
    child.kill(signal)
  })

const forked = (name: string, file: string, message: string | RawAnswer): Promise<Rival> =>
  new Promise((resolve, reject) => {
    const child = fork(here(file))
    process.once("exit", () => child.kill("SIGKILL"))
    child.once("message", (port: number) =>
      resolve({ name, pid: child.pid!, port, host: "localhost", stop: () => ended(child, "SIGKILL") }),
    )
    child.once("close", () => reject(new Error(`${file} ended before it listened.`)))
    child.send(message as string)
  })

/** `node:http` that writes bytes which are ready: what HTTP itself costs. */
export const rawRival = (answer: RawAnswer): Promise<Rival> => forked("raw node:http, the same bytes", "functionsRaw.ts", answer)

/** A new context, with prelude and code evaluated, for each request. */
export const naiveRival = ({ code }: BenchProgram): Promise<Rival> => forked("fresh context for each request", "functionsNaive.ts", code)

const workerdFolder = here("workerd")
const workerdPackage = { x64: "workerd-linux-64", arm64: "workerd-linux-arm64" }[process.arch as string] ?? "none"
const workerdPath = join(workerdFolder, "node_modules/@cloudflare", workerdPackage, "bin/workerd")

/** Installs workerd, which nothing but this needs, when it is not there; says why if that fails. */
const hasWorkerd = (): boolean => {
  if (existsSync(workerdPath)) return true
  const { status, stderr, error } = spawnSync("npm", ["ci", "--prefix", workerdFolder, "--ignore-scripts", "--no-audit", "--no-fund"], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  })
  if (status === 0 && existsSync(workerdPath)) return true
  process.stdout.write(`\nWithout workerd, which could not be installed: ${error?.message ?? stderr}\n`)
  return false
}

let workerdPort = 24800

/** The same module in workerd, which keeps one isolate for all requests; nothing where it cannot be installed. */
export const workerdRival = async ({ code }: BenchProgram): Promise<Rival | undefined> => {
  if (!hasWorkerd()) return undefined
  const folder = mkdtempSync(join(tmpdir(), "fazt-bench-workerd-"))
  const port = workerdPort++
  writeFileSync(join(folder, "main.js"), code)
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "site", worker = .site)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "site")]
);
const site :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "main.js")],
  compatibilityDate = "2026-11-01"
);
`,
  )
  const child = spawn(workerdPath, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "inherit", "inherit"] })
  process.once("exit", () => child.kill("SIGKILL"))
  await waitForAnswer(port, child)
  return {
    name: "workerd, one isolate for all requests",
    pid: child.pid!,
    port,
    host: "localhost",
    stop: async () => {
      await ended(child, "SIGKILL")
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
