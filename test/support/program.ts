import { type ChildProcess, spawn } from "node:child_process"
import { createServer } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const bin = fileURLToPath(new URL("../../bin/fazt", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** What Node has compiled before, as `vitest.config.ts` says. */
const compiled = process.env["NODE_COMPILE_CACHE"]

/** An environment in which no setting of the machine's user can change what a test sees. */
export const cleanEnv = (folder: string, extra: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: folder,
  XDG_CONFIG_HOME: join(folder, ".config"),
  ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
  ...extra,
})

const collect = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve) => {
    let stdout = ""
    let stderr = ""
    child.stdout?.on("data", (data: Buffer) => {
      stdout += data.toString()
    })
    child.stderr?.on("data", (data: Buffer) => {
      stderr += data.toString()
    })
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
  })

/** Runs the real program and waits for its end. */
export const fazt = (folder: string, args: ReadonlyArray<string>, env: Record<string, string> = {}): Promise<Ended> =>
  collect(spawn(bin, args, { cwd: folder, env: cleanEnv(folder, env), stdio: ["ignore", "pipe", "pipe"] }))

/** A line of shell, with `fazt` on the path. */
export const shell = (folder: string, line: string): Promise<Ended> => {
  const env = cleanEnv(folder)
  return collect(
    spawn("sh", ["-c", line], {
      cwd: folder,
      env: { ...env, PATH: `${fileURLToPath(new URL("../../bin", import.meta.url))}:${env["PATH"]}` },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  )
}

/** A port that nothing listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })

export interface FirstRun {
  readonly username: string
  readonly password: string
  readonly token: string
  readonly published: ReadonlyArray<string>
}

/** The real server as a process; resolves once it says that it listens. */
export const startProgram = async (folder: string, args: ReadonlyArray<string> = []) => {
  const port = await freePort()
  const child = spawn(bin, ["server", "start", "--port", String(port), "--json", ...args], {
    cwd: folder,
    env: cleanEnv(folder),
    stdio: ["ignore", "pipe", "pipe"],
  })
  const ended = collect(child)
  const ready = await new Promise<{
    readonly firstRun: FirstRun | null
    readonly url: string
    readonly head: { readonly seq: number; readonly hash: string }
  }>((resolve, reject) => {
    let out = ""
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString()
      if (out.includes("\n")) resolve(JSON.parse(out.slice(0, out.indexOf("\n"))))
    })
    ended.then(({ stderr, stdout }) => reject(new Error(`The server ended: ${stderr}${stdout}`)))
  })
  return {
    port,
    child,
    ready,
    ended,
    stop: async (signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> => {
      child.kill(signal)
      return ended
    },
  }
}
