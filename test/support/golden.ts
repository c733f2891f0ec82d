import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import Database from "better-sqlite3"
import type { Command } from "../../src/commands/command.ts"
import { makeWriter } from "../../src/commands/writer.ts"
import type { Role } from "../../src/events/accounts.ts"
import { sha256Hex } from "../../src/events/chain.ts"
import type { LoginMethod } from "../../src/events/sessions.ts"
import { version } from "../../src/resources.ts"
import { inTemporaryFolder, tell, writerOptions } from "./cartridge.ts"
import { requestsOf, type Step } from "./history.ts"

const day = 86_400_000
const start = Date.UTC(2026, 10, 21)
const session = (session: string, user: string, method: LoginMethod): Command => ({
  _tag: "StartSession",
  session,
  user,
  secretHash: `hash of ${session}`,
  method,
  expires: start + 7 * day,
  idle: day,
})
const invite = (invitation: string, role: Role, sites: ReadonlyArray<string> = [], by = "owner"): Command => ({
  _tag: "InviteUser",
  invitation,
  role,
  sites,
  secretHash: `hash of ${invitation}`,
  expires: start + day,
  by,
  now: start,
})
const accept = (invitation: string, user: string, username: string): Command => ({
  _tag: "AcceptInvitation",
  invitation,
  secretHash: `hash of ${invitation}`,
  user,
  username,
  password: `user/${user}/1`,
  now: start,
})

/** What happens to users, keys and sessions. */
const access: ReadonlyArray<Command> = [
  { ...invite("i1", "admin"), note: "for Ann – ünïcödé" } as Command,
  accept("i1", "u1", "Ann@example.test"),
  invite("i2", "deployer", ["a", "b"], "u1"),
  accept("i2", "u2", "bob"),
  invite("i3", "viewer", [], "u1"),
  { _tag: "RevokeInvitation", invitation: "i3", by: "owner" },
  invite("i4", "viewer", [], "local"),
  accept("i4", "u4", "gone"),
  { ...session("s1", "u1", "invitation"), address: "203.0.113.7", agent: "Browser – ünïcödé" } as Command,
  { _tag: "SeeSession", session: "s1" },
  { _tag: "EndSession", session: "s1", reason: "logout" },
  { _tag: "RecordFailedLogin", user: "u1", reason: "password", address: "203.0.113.9" },
  { _tag: "RehashPassword", user: "u1", password: "user/u1/2", was: "user/u1/1" },
  session("s2", "u1", "password"),
  { _tag: "EnableTotp", user: "u1", secret: "user/u1/3", recovery: "user/u1/4", step: 59_840_640 },
  { _tag: "RenewRecoveryCodes", user: "u1", recovery: "user/u1/5" },
  { _tag: "UseRecoveryCode", user: "u1", code: 2 },
  { _tag: "AddPasskey", user: "u1", passkey: "cGFzc2tleQ", name: "phone", publicKey: "Y29zZQ", counter: 0, transports: ["internal"] },
  { _tag: "UsePasskey", user: "u1", passkey: "cGFzc2tleQ", counter: 1 },
  session("s3", "u1", "passkey"),
  { _tag: "AddPasskey", user: "u1", passkey: "Z29uZQ", name: "old", publicKey: "Y29zZQ", counter: 7, transports: [] },
  { _tag: "RemovePasskey", user: "u1", passkey: "Z29uZQ", by: "u1" },
  { _tag: "ChangePassword", user: "u1", password: "user/u1/6", by: "u1" },
  session("s4", "u1", "password_change"),
  {
    _tag: "CreateKey",
    key: "k3",
    name: "ci",
    scopes: ["deploy", "logs"],
    secretHash: "ef",
    user: "u2",
    sites: ["a"],
    expires: start + 90 * day,
  },
  { _tag: "UseKey", key: "k3" },
  session("s5", "u2", "password"),
  invite("i5", "admin", [], "u1"),
  { _tag: "ChangeRole", user: "u1", role: "viewer", sites: [], by: "owner" },
  { _tag: "EnableTotp", user: "u2", secret: "user/u2/2", recovery: "user/u2/3" },
  { _tag: "DisableTotp", user: "u2", by: "u2" },
  { _tag: "CreateKey", key: "k4", name: "of somebody gone", scopes: ["read"], secretHash: "01", user: "u4" },
  session("s6", "u4", "password"),
  { _tag: "RemoveUser", user: "u4", by: "u4" },
  session("s7", "u2", "password"),
]

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
  ...access.map((command): Step => ({ do: "command", command })),
  { do: "erase", seq: 78 },
  {
    do: "command",
    command: {
      _tag: "SetSiteCors",
      site: "a",
      cors: { origins: ["https://example.test"], methods: ["GET"], headers: ["x-a"], credentials: true, maxAge: 60 },
    },
  },
  { do: "command", command: { _tag: "SetSiteCors", site: "b", cors: { origins: ["*"], credentials: false } } },
  { do: "command", command: { _tag: "UnsetSiteCors", site: "b" } },
]

await inTemporaryFolder(async (folder) => {
  const path = join(folder, "data.db")
  let now = start
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
