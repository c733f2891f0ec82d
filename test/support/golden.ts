import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import Database from "better-sqlite3"
import { makeWriter } from "../../src/commands/writer.ts"
import { sha256Hex } from "../../src/events/chain.ts"
import { version } from "../../src/resources.ts"
import { inTemporaryFolder, tell, writerOptions } from "./cartridge.ts"
import { requestsOf, type Step } from "./history.ts"

/**
 * Writes the golden log of the present release: `node test/support/golden.ts <folder>`. Run once when a release is made; the files
 * are never changed afterwards, and every later release has to read them.
 */
const history: ReadonlyArray<Step> = [
  { do: "command", command: { _tag: "EnrollOwner", username: "admin", password: "owner/password" } },
  { do: "command", command: { _tag: "CreateKey", key: "k1", name: "laptop", scopes: ["deploy", "read"], secretHash: "ab" } },
  { do: "command", command: { _tag: "CreateKey", key: "k2", name: "old", scopes: ["admin"], secretHash: "cd" } },
  { do: "command", command: { _tag: "RevokeKey", key: "k2" } },
  { do: "deploy", site: "a", files: { "index.html": 1, "about.html": 2 }, spa: false },
  { do: "deploy", site: "a", files: { "index.html": 3, "x.bin": 4 }, spa: true },
  { do: "rollBackToNth", site: "a", nth: 0 },
  { do: "command", command: { _tag: "CreateSite", site: "b" } },
  { do: "command", command: { _tag: "DeleteSite", site: "b" } },
  { do: "command", command: { _tag: "UndeleteSite", site: "b" } },
  { do: "deploy", site: "c", files: { "a/c.js": 1 }, spa: false },
  { do: "command", command: { _tag: "DeleteSite", site: "c" } },
  { do: "command", command: { _tag: "SetConfig", key: "limits.site_files", value: "7" } },
  { do: "command", command: { _tag: "SetConfig", key: "server.domain", value: "example.test" } },
  { do: "command", command: { _tag: "UnsetConfig", key: "limits.site_files" } },
  { do: "append", stream: "kv/a/x", values: ["to be erased", "kept – ünïcödé"] },
  { do: "erase", seq: 18 },
  {
    do: "command",
    command: {
      _tag: "SetEnv",
      site: "a",
      values: [
        { name: "API_KEY", ref: "env/a/1" },
        { name: "OTHER", ref: "env/a/2" },
      ],
    },
  },
  { do: "command", command: { _tag: "UnsetEnv", site: "a", name: "API_KEY", purge: true } },
  { do: "log", site: "a", messages: ["first", "two\nlines – ünïcödé"] },
  {
    do: "document",
    event: { type: "v1.DocumentWritten", data: { site: "a", collection: "posts", id: "p/1", data: { n: 1, tags: ["x"] } } },
  },
  { do: "document", event: { type: "v1.DocumentIndexDeclared", data: { site: "a", collection: "posts", field: "n" } } },
  { do: "document", event: { type: "v1.DocumentIndexDeclared", data: { site: "a", collection: "posts", field: "tags.0" } } },
  { do: "document", event: { type: "v1.DocumentWritten", data: { site: "a", collection: "posts", id: "ünï", data: { n: null } } } },
  { do: "document", event: { type: "v1.DocumentWritten", data: { site: "a", collection: "posts", id: "p/1", data: { n: 2.5 } } } },
  {
    do: "document",
    event: { type: "v1.DocumentWritten", data: { site: "a", collection: "posts", id: "ünï", data: { n: "again" }, fresh: true } },
  },
  { do: "document", event: { type: "v1.DocumentIndexDropped", data: { site: "a", collection: "posts", field: "tags.0" } } },
  { do: "document", event: { type: "v1.DocumentDeleted", data: { site: "a", collection: "posts", id: "p/1" } } },
  { do: "store", event: { type: "v1.KvSet", data: { site: "a", key: "count", value: 1, size: 1 } } },
  {
    do: "store",
    event: { type: "v1.KvSet", data: { site: "a", key: "count", value: { b: [null], a: "ünï" }, size: 24, expires: 1795219200000 } },
  },
  { do: "store", event: { type: "v1.KvSet", data: { site: "a", key: "of/a blob", blob: sha256Hex('"large"'), size: 7 } }, text: '"large"' },
  { do: "store", event: { type: "v1.KvSet", data: { site: "a", key: "gone", value: null, size: 4 } } },
  { do: "store", event: { type: "v1.KvDeleted", data: { site: "a", key: "gone" } } },
  {
    do: "store",
    event: { type: "v1.ObjectPut", data: { site: "a", path: "pictures/1.txt", blob: sha256Hex("object"), size: 6, type: "text/plain" } },
    text: "object",
  },
  {
    do: "store",
    event: { type: "v1.ObjectPut", data: { site: "a", path: "gone", blob: sha256Hex("object"), size: 6, type: "text/plain" } },
    text: "object",
  },
  { do: "store", event: { type: "v1.ObjectDeleted", data: { site: "a", path: "gone" } } },
]

await inTemporaryFolder(async (folder) => {
  const path = join(folder, "data.db")
  let now = Date.UTC(2026, 10, 21)
  const writer = makeWriter(writerOptions(path, { now: () => (now += 1000) }))
  const deploys = new Map<string, Array<string>>()
  for (const [n, step] of history.entries()) for (const request of requestsOf(step, n, deploys, [])) await tell(writer, request)
  writer.close()
  const db = new Database(path, { readonly: true })
  const hex = (value: unknown) => (Buffer.isBuffer(value) ? value.toString("hex") : value)
  const events = db.prepare<[], Record<string, unknown>>("SELECT * FROM events ORDER BY seq").all()
  const blobs = db.prepare<[], { bytes: Buffer }>("SELECT bytes FROM blobs ORDER BY hash").all()
  const lines = [
    ...events.map((row) => ({ event: Object.fromEntries(Object.entries(row).map(([key, value]) => [key, hex(value)])) })),
    ...blobs.map(({ bytes }) => ({ blob: bytes.toString("base64") })),
  ]
  const file = join(process.argv[2]!, `log-${version}.jsonl`)
  writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`)
  process.stdout.write(`${file}: ${events.length} events, ${readFileSync(file).length} bytes\n`)
})
