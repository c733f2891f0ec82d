import { spawn } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { bin, cleanEnv } from "./program.ts"

// biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape.
type Event = any

/** `fazt dev --json` with what it tells. */
export const startDev = async (folder: string, ...args: ReadonlyArray<string>) => {
  const started = spawn(bin, ["dev", folder, "--port", "0", "--json", ...args], {
    cwd: folder,
    env: cleanEnv(folder),
    stdio: ["ignore", "pipe", "pipe"],
  })
  let out = ""
  let errors = ""
  started.stdout.on("data", (data) => {
    out += data
  })
  started.stderr.on("data", (data) => {
    errors += data
  })
  const ended = new Promise<number | null>((resolve) => started.on("close", (code) => resolve(code)))
  let read = 0
  /** The next event, or line of the log, that passes. */
  const next = async (passes: (event: Event) => boolean): Promise<Event> => {
    for (let i = 0; i < 2000; i++) {
      const lines = out.split("\n").slice(0, -1)
      while (read < lines.length) {
        const event = JSON.parse(lines[read++]!)
        if (passes(event)) return event
      }
      if (started.exitCode !== null) break
      await sleep(10)
    }
    throw new Error(`It did not come. So far: ${out}${errors}`)
  }
  /** Ends it as Ctrl-C does, and gives its exit code. */
  const stop = (): Promise<number | null> => {
    started.kill("SIGINT")
    return ended
  }
  const is = (name: string) => (event: Event) => event.event === name
  const { url } = await next(is("ready"))
  const port = Number(new URL(url).port)
  return { pid: started.pid, url, port, next, is, stop }
}

export type Dev = Awaited<ReturnType<typeof startDev>>
