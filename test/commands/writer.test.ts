import { statSync } from "node:fs"
import Database from "better-sqlite3"
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/commands/command.ts"
import { makeWriter, type Writer } from "../../src/commands/writer.ts"
import type { Committed, WriterRequest } from "../../src/commands/writerRequest.ts"
import { sha256Hex } from "../../src/events/chain.ts"
import { encodeManifest } from "../../src/events/manifest.ts"
import { verifyPart } from "../../src/events/verify.ts"
import { activityQuery } from "../../src/projections/activity.ts"
import { ask, tell, withWriter, writerOptions } from "../support/cartridge.ts"

let made = 0
const command = (command: Command, id = `c${made++}`): WriterRequest => ({ kind: "command", command, id, actor: "owner", cause: "test" })
const create = (site: string): WriterRequest => command({ _tag: "CreateSite", site })
const set = (value: string, id?: string): WriterRequest => command({ _tag: "SetConfig", key: "limits.site_files", value }, id)
const query = (path: string, sql: string): unknown => {
  const db = new Database(path, { readonly: true })
  try {
    return db.prepare(sql).pluck().get()
  } finally {
    db.close()
  }
}

/** As the audit finds them. */
const changesOfSettings = (path: string): number => {
  const db = new Database(path, { readonly: true })
  try {
    return activityQuery(db, { type: "ConfigSet", limit: 10_000 }).length
  } finally {
    db.close()
  }
}

describe("the writer", () => {
  it("answers everybody who waits from one commit, and refuses only whom it has to", () => {
    const commits: Array<Committed> = []
    return withWriter(
      async (writer) => {
        const replies = await Promise.all(["a", "b", "a", "www", "c"].map((site) => ask(writer, create(site))))
        expect(replies.map(({ ok }) => ok)).toEqual([true, true, false, false, true])
        expect(replies[2]).toMatchObject({ error: { _tag: "SiteExists" } })
        expect(commits).toHaveLength(1)
        expect(commits[0]!.events.map(({ seq, stream }) => [seq, stream])).toEqual([
          [1, "site/a"],
          [2, "site/b"],
          [3, "site/c"],
        ])
      },
      { onCommitted: (committed) => commits.push(committed) },
    )
  })

  it("keeps nothing of a request that is refused after it has begun to write, and all of the others", () => {
    const commits: Array<Committed> = []
    return withWriter(
      async (writer, path) => {
        const unit = (key: string, ids: ReadonlyArray<string>, data: object, blobs: ReadonlyArray<Uint8Array> = []): WriterRequest => ({
          kind: "unit",
          blobs,
          request: {
            actor: "fn:a",
            cause: "t",
            streams: ids.map((id, n) => ({
              stream: `kv/a/${key}${n}`,
              expected: "any",
              events: [{ id, type: "v1.KvSet", data: { site: "a", key: `${key}${n}`, size: 1, ...data } }],
            })),
          },
        })
        const lost = Buffer.from("a blob that goes with its unit")
        const replies = await Promise.all(
          [
            create("a"),
            unit("first", ["u1.0"], { value: 1 }),
            unit("absent", ["u2.0"], { blob: "0".repeat(64) }, [lost]),
            unit("taken", ["u3.0", "u1.0"], { value: 2 }),
            unit("last", ["u4.0", "u4.1"], { value: 3 }),
            create("b"),
          ].map((request) => ask(writer, request)),
        )
        expect(replies.map(({ ok }) => ok)).toEqual([true, true, false, false, true, true])
        expect(replies[2]).toMatchObject({ error: { _tag: "InvalidEvent" } })
        expect(replies[3]).toMatchObject({ error: { _tag: "EventIdReused", id: "u1.0" } })
        expect(commits.map(({ events }) => events.map(({ seq, stream }) => [seq, stream]))).toEqual([
          [
            [1, "site/a"],
            [2, "kv/a/first0"],
            [3, "kv/a/last0"],
            [4, "kv/a/last1"],
            [5, "site/b"],
          ],
        ])
        expect(query(path, "SELECT group_concat(key) FROM (SELECT key FROM kv_store ORDER BY key)")).toBe("first0,last0,last1")
        expect(query(path, "SELECT items || ' ' || bytes FROM kv_usage")).toBe("3 3")
        expect(query(path, "SELECT count(*) FROM blobs")).toBe(0)
        expect(await tell(writer, unit("first", ["u1.0"], { value: 1 }))).toEqual({ first: 2, last: 2, repeated: true })
        await tell(writer, unit("taken", ["u3.0"], { value: 2 }))
        expect(query(path, "SELECT items || ' ' || bytes FROM kv_usage")).toBe("4 4")
        const db = new Database(path, { readonly: true })
        expect(activityQuery(db, { actor: "fn:a", after: 0, limit: 10 }).map(({ seq }) => seq)).toEqual([2, 3, 4, 6])
        expect(verifyPart(db)).toMatchObject({ seq: 6, bad: undefined })
        db.close()
      },
      { onCommitted: (committed) => commits.push(committed) },
    )
  })

  it("publishes a commit before it answers", () => {
    const order: Array<string> = []
    return withWriter(
      async (writer) => {
        await new Promise<void>((resolve) =>
          writer.submit(create("a"), () => {
            order.push("answered")
            resolve()
          }),
        )
        expect(order).toEqual(["published", "answered"])
      },
      { onCommitted: () => order.push("published") },
    )
  })

  it("decides a command once, however often it is sent", () =>
    withWriter(async (writer) => {
      const first = await tell(writer, set("1", "the-id"))
      await tell(writer, set("2"))
      expect(await tell(writer, set("1", "the-id"))).toEqual({ appended: { first: 1, last: 1, repeated: true } })
      expect(first).toEqual({ appended: { first: 1, last: 1, repeated: false } })
      expect(writer.head().seq).toBe(2)
    }))

  it("says that nothing needed to change", () =>
    withWriter(async (writer) => {
      await tell(writer, set("1"))
      expect(await tell(writer, set("1"))).toEqual({ appended: undefined })
      expect(writer.head().seq).toBe(1)
    }))

  it("decides on what was appended beside it, in the same commit and later", () =>
    withWriter(async (writer) => {
      const append: WriterRequest = {
        kind: "append",
        request: {
          actor: "system",
          cause: "t",
          streams: [{ stream: "site/a", expected: "any", events: [{ id: "x", type: "v1.SiteCreated", data: { site: "a" } }] }],
        },
      }
      const [, second] = await Promise.all([ask(writer, append), ask(writer, create("a"))])
      expect(second).toMatchObject({ ok: false, error: { _tag: "SiteExists" } })
      expect(await ask(writer, create("a"))).toMatchObject({ ok: false, error: { _tag: "SiteExists" } })
    }))

  it("never lets time run backwards along the log", () => {
    let clock = 0
    return withWriter(
      async (writer, path) => {
        for (const [i, time] of [1000, 500, 2000, 0].entries()) {
          clock = time
          await tell(writer, set(String(i + 1)))
        }
        const db = new Database(path, { readonly: true })
        expect(db.prepare("SELECT at FROM events ORDER BY seq").pluck().all()).toEqual([1000, 1000, 2000, 2000])
        db.close()
      },
      { now: () => clock },
    )
  })

  it("shows a commit in every projection as soon as it has answered", () =>
    withWriter(async (writer, path) => {
      for (let i = 1; i <= 10; i++) {
        await tell(writer, set(String(i)))
        expect(query(path, "SELECT value FROM config")).toBe(String(i))
        expect(query(path, "SELECT min(seq) FROM projections")).toBe(i)
      }
    }))

  it("takes back everything of a refused request, its secrets too", () =>
    withWriter(async (writer, path) => {
      const owner = (id: string) => ({
        ...(command({ _tag: "EnrollOwner", username: id, password: id }, id) as WriterRequest & { kind: "command" }),
        secrets: [{ ref: id, secret: "s" }],
      })
      await tell(writer, owner("first"))
      expect(await ask(writer, owner("second"))).toMatchObject({ ok: false, error: { _tag: "OwnerExists" } })
      expect(query(path, "SELECT group_concat(ref) FROM vault")).toBe("first")
    }))

  it("survives a full disk: what does not fit is refused, what was acknowledged stays, and it goes on when there is room", () =>
    withWriter(async (writer, path) => {
      await tell(writer, create("before"))
      const pages = query(path, "PRAGMA page_count") as number
      writer.limitPages(pages + 2)
      const full = await Promise.all([ask(writer, { kind: "putBlobs", blobs: [Buffer.alloc(200_000)] }), ask(writer, create("lost"))])
      for (const reply of full) expect(reply).toMatchObject({ ok: false, error: { _tag: "StorageFailed", full: true, status: 507 } })
      expect(query(path, "SELECT group_concat(site) FROM sites")).toBe("before")
      expect(writer.head().seq).toBe(1)
      writer.limitPages(1_000_000)
      await tell(writer, create("after"))
      expect(await tell(writer, create("lost"))).toEqual({ appended: { first: 3, last: 3, repeated: false } })
      expect(query(path, "SELECT group_concat(site) FROM (SELECT site FROM sites ORDER BY site)")).toBe("after,before,lost")
    }))

  it("closes on a full disk as on any other, and leaves the cartridge to the next", () =>
    withWriter(async (writer, path) => {
      // So many more rows than when the figures were made that they are made anew.
      for (let i = 0; i < 3000; i++) writer.submit(create(`s${i}`), () => {})
      await tell(writer, create("last"))
      writer.limitPages(query(path, "PRAGMA page_count") as number)
      writer.close()
      expect(query(path, "SELECT count(*) FROM sites")).toBe(3001)
      makeWriter(writerOptions(path)).close()
    }))

  it("does not wait for readers when it erases, and empties the write-ahead log once they have gone", () =>
    withWriter(async (writer, path) => {
      await tell(writer, set("1"))
      const reader = new Database(path, { readonly: true })
      reader.exec("BEGIN")
      reader.prepare("SELECT count(*) FROM events").get()
      const began = performance.now()
      await tell(writer, { kind: "erase", seq: 1, id: "e", reason: "r", actor: "owner", cause: "t" })
      await tell(writer, set("2"))
      expect(performance.now() - began).toBeLessThan(2000)
      expect(statSync(`${path}-wal`).size).toBeGreaterThan(0)
      reader.close()
      await expect.poll(() => statSync(`${path}-wal`).size, { timeout: 5000 }).toBe(0)
    }))

  it("serves other requests while it rebuilds, and the old rows meanwhile", () =>
    withWriter(async (writer, path) => {
      const events = Array.from({ length: 5000 }, (_, n) => ({
        id: `e${n}`,
        type: "v1.ConfigSet" as const,
        data: { key: `k${n % 7}`, value: String(n) },
      }))
      await tell(writer, {
        kind: "append",
        request: { actor: "owner", cause: "t", streams: [{ stream: "free", expected: "any", events }] },
      })
      const order: Array<string> = []
      await new Promise<void>((resolve) => {
        let asked = false
        writer.submit({ kind: "rebuild", projections: ["config", "activity"] }, (reply) => {
          if (!reply.ok) throw new Error("refused")
          if (reply.progress === true) {
            order.push("progress")
            if (!asked) {
              asked = true
              expect(query(path, "SELECT count(*) FROM config")).toBe(7)
              writer.submit(set("1"), () => order.push("served"))
            }
            return
          }
          order.push("done")
          resolve()
        })
      })
      expect(order.indexOf("served")).toBeLessThan(order.indexOf("done"))
      expect(order.filter((step) => step === "progress").length).toBeGreaterThan(5)
      expect(query(path, "SELECT value FROM config WHERE key = 'limits.site_files'")).toBe("1")
      expect(changesOfSettings(path)).toBe(5001)
    }))

  it("stores large blobs by chunks, once", () =>
    withWriter(async (writer, path) => {
      const parts = [Buffer.alloc(1024 * 1024, 1), Buffer.alloc(10, 2)]
      const hash = sha256Hex(Buffer.concat(parts))
      for (let time = 0; time < 2; time++) {
        const upload = (await tell(writer, { kind: "beginBlob" })) as number
        for (const [n, bytes] of parts.entries()) await tell(writer, { kind: "putChunk", upload, n, bytes })
        await tell(writer, { kind: "finishBlob", upload, hash, size: 1024 * 1024 + 10 })
      }
      expect(query(path, "SELECT count(*) FROM blobs")).toBe(1)
      expect(query(path, "SELECT count(*) FROM blob_chunks")).toBe(2)
    }))
})

describe("rebuilds", () => {
  const fill = (writer: Writer) => {
    const events = Array.from({ length: 5000 }, (_, n) => ({
      id: `f${n}`,
      type: "v1.ConfigSet" as const,
      data: { key: `k${n}`, value: "v" },
    }))
    return tell(writer, { kind: "append", request: { actor: "owner", cause: "t", streams: [{ stream: "free", expected: "any", events }] } })
  }

  it("that overlap run one after the other, and both end whole", () =>
    withWriter(async (writer, path) => {
      await fill(writer)
      await Promise.all([0, 1, 2].map(() => tell(writer, { kind: "rebuild", projections: ["config", "activity"] })))
      expect(query(path, "SELECT count(*) FROM config")).toBe(5000)
      expect(changesOfSettings(path)).toBe(5000)
    }))

  it("start over when an erasure comes in between, and show nothing of what was erased", () =>
    withWriter(async (writer, path) => {
      await fill(writer)
      let erased: Promise<unknown> | undefined
      await new Promise<void>((resolve, reject) =>
        writer.submit({ kind: "rebuild", projections: ["config"] }, (reply) => {
          if (!reply.ok) return reject(new Error(JSON.stringify(reply)))
          if (reply.progress !== true) return resolve()
          erased ??= tell(writer, { kind: "erase", seq: 1, id: "e", reason: "r", actor: "owner", cause: "t" })
        }),
      )
      await erased
      expect(query(path, "SELECT count(*) FROM config")).toBe(4999)
      expect(query(path, "SELECT count(*) FROM config WHERE key = 'k0'")).toBe(0)
    }))
})

describe("blobs that no deploy uses", () => {
  const day = 24 * 3_600_000

  it("stay for a day, then go with the next deploy; what a deploy uses stays", async () => {
    let now = 1_000_000
    await withWriter(
      async (writer, path) => {
        const large = Buffer.alloc(1024 * 1024, 7)
        const upload = (await tell(writer, { kind: "beginBlob" })) as number
        await tell(writer, { kind: "putChunk", upload, n: 0, bytes: Buffer.from(large) })
        await tell(writer, { kind: "putChunk", upload, n: 1, bytes: Buffer.from("x") })
        await tell(writer, { kind: "finishBlob", upload, hash: "f".repeat(64), size: large.length + 1 })
        const deploy = async (n: number, content: string) => {
          const bytes = Buffer.from(content)
          const manifest = encodeManifest({
            files: { "index.html": { hash: sha256Hex(bytes), size: bytes.length, type: "text/html" } },
            spa: false,
          })
          await tell(writer, { kind: "putBlobs", blobs: [bytes, manifest] })
          await tell(
            writer,
            command({
              _tag: "DeploySite",
              site: "a",
              deploy: `deploy000${n}`,
              manifest: sha256Hex(manifest),
              files: 1,
              bytes: bytes.length,
              source: { kind: "t" },
            }),
          )
        }
        await tell(writer, { kind: "putBlobs", blobs: [Buffer.from("abandoned"), Buffer.from("used later")] })
        await deploy(1, "one")
        now += day - 1000
        await deploy(2, "used later")
        expect(query(path, "SELECT count(*) FROM blobs")).toBe(6)
        now += 3_600_001
        await deploy(3, "three")
        expect(query(path, `SELECT count(*) FROM blobs WHERE hash = '${sha256Hex("abandoned")}'`)).toBe(0)
        expect(query(path, "SELECT count(*) FROM blob_chunks")).toBe(0)
        expect(query(path, `SELECT count(*) FROM blobs WHERE hash = '${sha256Hex("used later")}'`)).toBe(1)
        expect(query(path, "SELECT count(*) FROM blobs")).toBe(6)
        expect(query(path, "SELECT count(*) FROM blob_staging")).toBe(0)
      },
      { now: () => now },
    )
  })

  it("go with a deploy also if another request of its batch has all of them run again", async () => {
    let now = 1_000_000
    await withWriter(
      async (writer, path) => {
        const manifest = encodeManifest({ files: {}, spa: false })
        await tell(writer, { kind: "putBlobs", blobs: [Buffer.from("abandoned")] })
        now += day + 1
        await tell(writer, { kind: "putBlobs", blobs: [manifest] })
        const deploy = command({
          _tag: "DeploySite",
          site: "a",
          deploy: "deploy0001",
          manifest: sha256Hex(manifest),
          files: 0,
          bytes: 0,
          source: { kind: "t" },
        })
        const refused: WriterRequest = { kind: "finishBlob", upload: 1, hash: "f".repeat(64), size: 1 }
        const replies = await Promise.all([deploy, refused].map((request) => ask(writer, request)))
        expect(replies.map(({ ok }) => ok)).toEqual([true, false])
        expect(query(path, `SELECT count(*) FROM blobs WHERE hash = '${sha256Hex("abandoned")}'`)).toBe(0)
      },
      { now: () => now },
    )
  })

  it("are missed by a deploy that names them, which then is refused", () =>
    withWriter(async (writer) => {
      const manifest = encodeManifest({ files: { a: { hash: "a".repeat(64), size: 1, type: "t" } }, spa: false })
      await tell(writer, { kind: "putBlobs", blobs: [manifest] })
      const reply = await ask(
        writer,
        command({
          _tag: "DeploySite",
          site: "a",
          deploy: "deploy0001",
          manifest: sha256Hex(manifest),
          files: 1,
          bytes: 1,
          source: { kind: "t" },
        }),
      )
      expect(reply.ok).toBe(false)
      expect(writer.head().seq).toBe(0)
    }))
})
