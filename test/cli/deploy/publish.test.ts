import { createHash } from "node:crypto"
import { appendFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { hashFiles } from "../../../src/cli/deploy/hashFiles.ts"
import { publish } from "../../../src/cli/deploy/publish.ts"
import { walk } from "../../../src/cli/deploy/walk.ts"
import type { ProgressBar } from "../../../src/cli/progressBar.ts"
import { decodeBlobBatch } from "../../../src/http/api/blobBatch.ts"
import { type Answer, type Asked, fakeServer } from "../fakeServer.ts"
import { tree } from "../tree.ts"

const bar: ProgressBar = { begin: () => {}, add: () => {}, update: () => {} }

const hashOf = (content: string): string => createHash("sha256").update(content).digest("hex")

const deployed = {
  site: "hello",
  deploy: "abcdefghij",
  url: "http://hello.localhost",
  preview_url: "http://abcdefghij--hello.localhost",
  file_count: 1,
  size_bytes: 1,
  added: 1,
  changed: 0,
  removed: 0,
  warnings: [],
  server: null,
  notes: [],
  message: "Deployment successful",
}

const failure = (status: number, code: string, details?: unknown): Answer => ({ status, body: { error: { code, message: code, details } } })

/** A server that keeps blobs; `onDeploy` may answer for it the first times it is asked to publish. */
const storing = (known: ReadonlyArray<string> = [], onDeploy: Array<Answer> = []) => {
  const blobs = new Map<string, string>(known.map((hash) => [hash, ""]))
  const asked: Array<string> = []
  const published: Array<{ readonly files: Record<string, { readonly hash: string; readonly size: number }> }> = []
  const answer = ({ method, path, body }: Asked): Answer => {
    asked.push(`${method} ${path.replace(/[0-9a-f]{64}/, "<hash>")}`)
    if (path === "/api/blobs/missing") {
      const { hashes } = JSON.parse(body.toString()) as { readonly hashes: ReadonlyArray<string> }
      return { body: { data: { missing: hashes.filter((hash) => !blobs.has(hash)) } } }
    }
    if (path === "/api/blobs") {
      const hashes = decodeBlobBatch(body)!.map((bytes) => {
        const content = Buffer.from(bytes).toString()
        blobs.set(hashOf(content), content)
        return hashOf(content)
      })
      return { status: 201, body: { data: { hashes } } }
    }
    if (method === "PUT") {
      const hash = path.split("/").at(-1)!
      if (createHash("sha256").update(body).digest("hex") !== hash) return failure(400, "HASH_MISMATCH")
      blobs.set(hash, body.toString())
      return { status: 201, body: { data: { hash, size: body.length } } }
    }
    const refusal = onDeploy.shift()
    if (refusal !== undefined) return refusal
    published.push(JSON.parse(body.toString()))
    return { status: 201, body: { data: deployed } }
  }
  return { blobs, asked, published, server: fakeServer(answer) }
}

const hashed = (folder: string) => Effect.flatMap(walk(folder, { ignore: true }), ({ files }) => hashFiles(files, bar))

const large = "0123456789abcdef".repeat(150_000)

describe("publishing", () => {
  it.effect("uploads each content that the server lacks once, small or large or empty, and then names them all", () =>
    Effect.gen(function* () {
      const folder = tree({ "a.txt": "a", "same.txt": "a", "known.txt": "known", "empty.txt": "", "large.bin": large })
      const { blobs, asked, published, server } = storing([hashOf("known")])
      const result = yield* publish(server, "hello", yield* hashed(folder), { source: { kind: "cli" }, spa: true }, bar)

      expect(result).toEqual({ deployed, uploaded: 3 })
      expect(asked.filter((line) => line === "POST /api/blobs")).toHaveLength(1)
      expect(asked.filter((line) => line === "PUT /api/blobs/<hash>")).toHaveLength(1)
      expect(asked.at(-1)).toBe("POST /api/sites/hello/deploys")
      expect(blobs.get(hashOf(large))).toBe(large)
      expect(published).toEqual([
        {
          files: {
            "a.txt": { hash: hashOf("a"), size: 1 },
            "same.txt": { hash: hashOf("a"), size: 1 },
            "known.txt": { hash: hashOf("known"), size: 5 },
            "empty.txt": { hash: hashOf(""), size: 0 },
            "large.bin": { hash: hashOf(large), size: large.length },
          },
          source: { kind: "cli" },
          spa: true,
        },
      ])
    }),
  )

  it.effect("uploads nothing that is there", () =>
    Effect.gen(function* () {
      const { asked, server } = storing([hashOf("a")])
      const result = yield* publish(server, "hello", yield* hashed(tree({ "a.txt": "a" })), {}, bar)
      expect(result.uploaded).toBe(0)
      expect(asked).toEqual(["POST /api/blobs/missing", "POST /api/sites/hello/deploys"])
    }),
  )

  it.effect("sends again what went missing meanwhile", () =>
    Effect.gen(function* () {
      const { asked, server } = storing([hashOf("a")], [failure(409, "BLOBS_MISSING", { missing: [hashOf("a")] })])
      const result = yield* publish(server, "hello", yield* hashed(tree({ "a.txt": "a", "b.txt": "b" })), {}, bar)
      expect(result.uploaded).toBe(2)
      expect(asked.slice(-3)).toEqual(["POST /api/sites/hello/deploys", "POST /api/blobs", "POST /api/sites/hello/deploys"])
    }),
  )

  it.effect("gives up after three rounds of that", () =>
    Effect.gen(function* () {
      const missing = failure(409, "BLOBS_MISSING", { missing: [hashOf("a")] })
      const { asked, server } = storing(
        [],
        Array.from({ length: 9 }, () => missing),
      )
      const error = yield* Effect.flip(publish(server, "hello", yield* hashed(tree({ "a.txt": "a" })), {}, bar))
      expect(error).toMatchObject({ _tag: "Conflict", code: "BLOBS_MISSING" })
      expect(asked.filter((line) => line === "POST /api/sites/hello/deploys")).toHaveLength(4)
    }),
  )

  it.effect.each([
    failure(409, "BLOBS_MISSING"),
    failure(409, "BLOBS_MISSING", { missing: [] }),
    failure(409, "BLOBS_MISSING", { missing: [hashOf("of another")] }),
    failure(409, "CONFLICT", { missing: [hashOf("a")] }),
    failure(403, "FORBIDDEN"),
  ])("fails when it is refused otherwise: %j", (refusal) =>
    Effect.gen(function* () {
      const { asked, server } = storing([], [refusal])
      const error = yield* Effect.flip(publish(server, "hello", yield* hashed(tree({ "a.txt": "a" })), {}, bar))
      expect(error).toMatchObject({ code: (refusal.body as { readonly error: { readonly code: string } }).error.code })
      expect(asked.filter((line) => line === "POST /api/sites/hello/deploys")).toHaveLength(1)
    }),
  )

  it.effect("notices files that change between hashing and upload", () =>
    Effect.gen(function* () {
      const folder = tree({ "a.txt": "a", "large.bin": large })
      const { server } = storing()
      const files = yield* hashed(folder)
      const attempt = Effect.flip(publish(server, "hello", files, {}, bar))

      writeFileSync(join(folder, "a.txt"), "b")
      expect(yield* attempt).toMatchObject({ _tag: "FileChanged", path: "a.txt" })
      writeFileSync(join(folder, "a.txt"), "longer")
      expect(yield* attempt).toMatchObject({ _tag: "FileChanged", path: "a.txt" })
      writeFileSync(join(folder, "a.txt"), "a")
      writeFileSync(join(folder, "large.bin"), large.slice(1))
      expect(yield* attempt).toMatchObject({ _tag: "FileChanged", path: "large.bin" })
      writeFileSync(join(folder, "large.bin"), large)
      appendFileSync(join(folder, "large.bin"), "more")
      // What was hashed is all still there.
      expect(yield* Effect.flip(attempt)).toMatchObject({ uploaded: 1 })
    }),
  )
})
