import { deployFiles } from "./functions.ts"
import { type Answer, type Ask, startServer } from "./server.ts"

/** A server with threads, and what tests of server code do with it. */
export const formServer = async () => {
  const server = await startServer({ mode: "threads" })
  const admin = await server.key("admin")
  let made = 0
  /** A machine that is busy with other tests may need more time than a visitor would be given. */
  const patient = { "functions.cpu_ms": 1000, "functions.start_ms": 10_000 }

  /** Publishes files; with a key of its own each time, since the limit on deploys is by key. */
  const tryDeploy = async (site: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<Answer> =>
    deployFiles(server, await server.key("deploy"), site, files)

  const deploy = async (files: Readonly<Record<string, string | Uint8Array>>, site = `s${++made}`): Promise<string> => {
    const { status, text } = await tryDeploy(site, files)
    if (status !== 201) throw new Error(`The deploy failed: ${status} ${text}`)
    return site
  }

  const ask = (site: string, path = "/", request: Ask = {}): Promise<Answer> => server.ask(path, { host: `${site}.localhost`, ...request })

  const api = (method: string, path: string, body?: unknown): Promise<Answer> =>
    server.ask(`/api${path}`, {
      method,
      token: admin,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    })

  const set = async (key: string, value: number): Promise<void> => {
    const { status, text } = await api("PUT", `/config/${key}`, { value: String(value) })
    if (status !== 200) throw new Error(`${status} ${text}`)
  }
  for (const [key, value] of Object.entries(patient)) await set(key, value)

  /** The site's log as lines of `level message`, oldest first, once one of them matches. */
  const logOf = async (site: string, wanted: RegExp): Promise<ReadonlyArray<string>> => {
    const deadline = performance.now() + 10_000
    for (;;) {
      const { json } = await api("GET", `/sites/${site}/logs?limit=1000`)
      const lines: Array<string> = json.data
        .map(({ level, message }: { level: string; message: string }) => `${level} ${message}`)
        .reverse()
      if (lines.some((line) => wanted.test(line))) return lines
      if (performance.now() > deadline) throw new Error(`No line is like ${wanted}: ${JSON.stringify(lines)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  return { ...server, tryDeploy, deploy, ask, api, set, logOf }
}

export type FormServer = Awaited<ReturnType<typeof formServer>>

/** A `multipart/form-data` request. */
export const multipart = (
  parts: ReadonlyArray<{
    readonly name: string
    readonly filename?: string
    readonly type?: string
    readonly content: string | Uint8Array
  }>,
): Ask => {
  const boundary = "----test"
  const chunks = parts.flatMap(({ name, filename, type, content }) => [
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n`,
    `${type === undefined ? "" : `content-type: ${type}\r\n`}\r\n`,
    content,
    "\r\n",
  ])
  return {
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([...chunks, `--${boundary}--\r\n`].map((chunk) => Buffer.from(chunk as string))),
  }
}

/** Every byte there is. */
export const allBytes = Uint8Array.from({ length: 256 }, (_, i) => i)
