import { createHash } from "node:crypto"
import { readdirSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { localSocket } from "../../src/config.ts"
import { openForReading } from "../../src/events/cartridge.ts"
import { type Answer, type Ask, type TestServer, zipForm } from "./server.ts"

export const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** The API of a server, asked with one key (or none) and JSON bodies. Paths are those below `/api`. */
export const apiOf = (server: Pick<TestServer, "ask">, token: string | undefined) => {
  const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
    server.ask(`/api${path}`, {
      method,
      ...(token === undefined ? {} : { token }),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    })
  return {
    send,
    get: (path: string) => send("GET", path),
    post: (path: string, body: unknown) => send("POST", path, body),
    delete: (path: string) => send("DELETE", path),
    /** Changes a setting, and fails if that was refused. */
    set: async (key: string, value: string | number): Promise<void> => ok(await send("PUT", `/config/${key}`, { value: String(value) })),
    unset: async (key: string): Promise<void> => ok(await send("DELETE", `/config/${key}`)),
    upload: (bytes: string | Uint8Array, hash = sha256(bytes)): Promise<Answer> =>
      server.ask(`/api/blobs/${hash}`, { method: "PUT", body: bytes, ...(token === undefined ? {} : { token }) }),
    classic: (zip: Uint8Array, fields: Record<string, string>, filename?: string): Promise<Answer> =>
      server.ask("/api/deploy", { method: "POST", ...(token === undefined ? {} : { token }), ...zipForm(zip, fields, filename) }),
  }
}

export type Api = ReturnType<typeof apiOf>

const ok = ({ status, text }: Answer): void => {
  if (status !== 200) throw new Error(`${status} ${text}`)
}

/** Asks through the local socket, as only the owner can. */
export const askLocally = (
  server: Pick<TestServer, "db">,
  path: string,
  { method = "GET", headers = {}, body }: Ask,
): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const options = { socketPath: localSocket(server.db), path, method, headers: { host: "localhost", ...headers }, agent: false }
    const req = request(options, (res) => {
      let text = ""
      res.on("data", (part) => {
        text += part
      })
      res.on("end", () => resolve({ status: res.statusCode!, text }))
    })
    req.on("error", reject)
    req.end(body)
  })

/** Lets a test send as many requests of these kinds as it likes. */
export const withoutRates = async (
  server: Pick<TestServer, "db">,
  kinds: ReadonlyArray<"auth" | "read" | "write" | "upload"> = ["auth", "read", "write", "upload"],
): Promise<void> => {
  for (const kind of kinds) {
    const { status, text } = await askLocally(server, `/api/config/limits.api_${kind}_per_minute`, { method: "PUT", body: '{"value":"0"}' })
    if (status !== 200) throw new Error(`${status} ${text}`)
  }
}

/** Status and error code: what a refusal is known by. */
export const refusal = ({ status, json }: Answer): readonly [status: number, code: string | undefined] => [status, json.error?.code]

/** A request's body that says which bytes each path has. */
export const manifestOf = (files: Record<string, string | Uint8Array>): Record<string, { hash: string; size: number }> =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, { hash: sha256(bytes), size: Buffer.byteLength(bytes) }]))

/** Uploads what is missing of the files and publishes them. Says what was uploaded. */
export const publish = async (
  api: Api,
  site: string,
  files: Record<string, string | Uint8Array>,
  rest: Record<string, unknown> = {},
): Promise<{ readonly uploaded: ReadonlyArray<string>; readonly answer: Answer }> => {
  const byHash = new Map(Object.values(files).map((bytes) => [sha256(bytes), bytes]))
  const { json } = await api.post("/blobs/missing", { hashes: [...byHash.keys()] })
  const uploaded: ReadonlyArray<string> = json.data.missing
  for (const hash of uploaded) await api.upload(byHash.get(hash)!, hash)
  return { uploaded, answer: await api.post(`/sites/${site}/deploys`, { files: manifestOf(files), ...rest }) }
}

/** Reads straight from the server's cartridge. */
export const query = <Row>(server: TestServer, sql: string, ...values: ReadonlyArray<string | number>): ReadonlyArray<Row> => {
  const db = openForReading(server.db)
  try {
    return db.prepare<Array<string | number>, Row>(sql).all(...values)
  } finally {
    db.close()
  }
}

/** What a request may cause beside what it asks for: that a key or a session is in use is noted, once in a while. */
const beside = "('v1.KeyUsed', 'v1.SessionSeen', 'v1.LoginFailed')"

/** What a refused request must leave as it was: the log, the sites, no half-written blob, no temporary file. */
export const traces = (server: TestServer) => ({
  head: query(server, `SELECT seq, hex(hash) AS hash FROM events WHERE type NOT IN ${beside} ORDER BY seq DESC LIMIT 1`),
  sites: query(server, "SELECT * FROM sites ORDER BY site"),
  orphanChunks: query(server, "SELECT upload, n FROM blob_chunks WHERE upload NOT IN (SELECT upload FROM blobs WHERE upload IS NOT NULL)"),
  uploads: readdirSync(tmpdir()).filter((name) => name.startsWith("fazt-upload-")),
})
