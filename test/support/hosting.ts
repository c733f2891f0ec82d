import { readdirSync, readFileSync } from "node:fs"
import { connect } from "node:net"
import { join, relative } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Answer, TestServer } from "./server.ts"
import { zipForm } from "./server.ts"
import { zipOf } from "./zip.ts"

/** What the answer to a deploy says about it. */
export interface Deployed {
  readonly deploy: string
  readonly warnings: ReadonlyArray<{ readonly file: string; readonly line: number; readonly reason: string }>
}

/** Publishes files over the API, each time with a key of its own: the limit on deploys is by key. */
export const deploySite = async (
  server: TestServer,
  site: string,
  files: Record<string, string | Uint8Array>,
  fields: Record<string, string> = {},
): Promise<Deployed> => {
  const token = await server.key("deploy")
  const answer = await server.ask("/api/deploy", { method: "POST", token, ...zipForm(zipOf(files), { site_name: site, ...fields }) })
  if (answer.status !== 200) throw new Error(`The deploy failed: ${answer.status} ${answer.text}`)
  return answer.json.data
}

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends these characters, each as one byte, and reads until the server closes the connection. Nothing checks what is sent. */
export const sendRaw = (port: number, text: string): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const parts: Array<Buffer> = []
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"))
    socket.on("data", (part: Buffer) => parts.push(part))
    socket.on("error", reject)
    socket.on("close", () => {
      const [head = "", ...rest] = Buffer.concat(parts).toString("latin1").split("\r\n\r\n")
      const [first = "", ...lines] = head.split("\r\n")
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
      )
      resolve({ status: Number(first.split(" ")[1]), headers, body: rest.join("\r\n\r\n") })
    })
  })

/** A request with exactly this target in its request line. */
export const askRaw = (port: number, target: string, host: string): Promise<RawAnswer> =>
  sendRaw(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)

/** Asks again until the answer is as wanted: for what the server does in the background. */
export const askUntil = async (ask: () => Promise<Answer>, isAsWanted: (answer: Answer) => boolean, seconds = 15): Promise<Answer> => {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const answer = await ask()
    if (isAsWanted(answer)) return answer
    if (performance.now() > deadline)
      throw new Error(`Not as wanted after ${seconds} s: ${answer.status} ${JSON.stringify(answer.headers)}`)
    await sleep(50)
  }
}

/** The files of a folder, by their paths in it. */
export const readFolder = (folder: string): Record<string, Buffer> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path), readFileSync(path)]),
  )
