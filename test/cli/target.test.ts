import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { noPeers, type Peers } from "../../src/cli/peers.ts"
import { chooseTarget, isExposed, parseServer, type Wish } from "../../src/cli/target.ts"

describe("a server as people write it", () => {
  it.each([
    ["localhost", "http://localhost:4698"],
    ["localhost:8080", "http://localhost:8080"],
    ["LOCALHOST", "http://localhost:4698"],
    ["admin.localhost", "http://admin.localhost:4698"],
    ["http://localhost", "http://localhost:4698"],
    ["http://localhost:80", "http://localhost"],
    ["http://localhost:80/", "http://localhost"],
    ["https://localhost", "https://localhost"],
    ["127.0.0.1", "http://127.0.0.1:4698"],
    ["192.168.1.5:9000", "http://192.168.1.5:9000"],
    ["::1", "http://[::1]:4698"],
    ["[::1]", "http://[::1]:4698"],
    ["[::1]:9000", "http://[::1]:9000"],
    ["admin.example.com", "https://admin.example.com"],
    ["admin.example.com:8443", "https://admin.example.com:8443"],
    ["http://admin.example.com", "http://admin.example.com"],
    ["https://admin.example.com/", "https://admin.example.com"],
    ["https://admin.example.com/api", "https://admin.example.com"],
    ["https://admin.example.com/api/", "https://admin.example.com"],
    ["https://example.com/fazt/", "https://example.com/fazt"],
    ["  admin.example.com  ", "https://admin.example.com"],
    ["server:4698", "https://server:4698"],
  ])("%j is %s", (text, url) => {
    expect(parseServer(text)).toEqual(Either.right(url))
  })

  it.each(["", "prod", "ftp://example.com", "https://", "http://exa mple.com", "javascript:alert(1)"])("%j is none", (text) => {
    expect(Either.getLeft(parseServer(text))).toMatchObject({ _tag: "Some", value: { code: "USAGE", exitCode: 2 } })
  })

  it("names the peers there are when a word is none of them", () => {
    expect(Either.getOrThrow(Either.flip(parseServer("prdo", ["prod", "home"]))).message).toContain("known: prod, home")
  })

  it("knows where a key would be read on the way", () => {
    expect(isExposed("http://admin.example.com")).toBe(true)
    expect(isExposed("http://192.168.1.5:4698")).toBe(true)
    expect(isExposed("https://admin.example.com")).toBe(false)
    expect(isExposed("http://localhost:4698")).toBe(false)
    expect(isExposed("http://admin.localhost:4698")).toBe(false)
    expect(isExposed("http://127.0.0.1:4698")).toBe(false)
    expect(isExposed("http://[::1]:4698")).toBe(false)
  })
})

const peers: Peers = {
  version: 1,
  default: "prod",
  peers: { prod: { url: "https://admin.example.com", token: Redacted.make("of-prod") }, bare: { url: "http://localhost:4698" } },
}

const wish = (parts: {
  readonly to?: string
  readonly db?: string
  readonly token?: string
  readonly envTo?: string
  readonly envDb?: string
  readonly envToken?: string
  readonly peers?: Peers
}): Wish => ({
  to: Option.fromNullable(parts.to),
  db: Option.fromNullable(parts.db),
  token: Option.map(Option.fromNullable(parts.token), Redacted.make),
  env: {
    to: Option.fromNullable(parts.envTo),
    db: Option.fromNullable(parts.envDb),
    token: Option.map(Option.fromNullable(parts.envToken), Redacted.make),
  },
  defaultDb: "./data.db",
  peers: parts.peers ?? noPeers,
})

const rows: ReadonlyArray<readonly [why: string, wish: Parameters<typeof wish>[0], target: object]> = [
  ["nothing", {}, { kind: "local", db: "./data.db" }],
  ["FAZT_DB", { envDb: "env.db" }, { kind: "local", db: "env.db" }],
  ["--db over FAZT_DB", { db: "flag.db", envDb: "env.db" }, { kind: "local", db: "flag.db" }],
  ["--db over the default peer and FAZT_TO", { db: "flag.db", envTo: "localhost", peers }, { kind: "local", db: "flag.db" }],
  ["the default peer over FAZT_DB", { envDb: "env.db", peers }, { kind: "remote", url: "https://admin.example.com", token: "of-prod" }],
  ["FAZT_TO over the default peer", { envTo: "bare", peers }, { kind: "remote", url: "http://localhost:4698", token: undefined }],
  ["--to over FAZT_TO", { to: "prod", envTo: "bare", peers }, { kind: "remote", url: "https://admin.example.com", token: "of-prod" }],
  ["--to with a URL", { to: "localhost", peers }, { kind: "remote", url: "http://localhost:4698", token: undefined }],
  ["--to with a peer's URL", { to: "admin.example.com", peers }, { kind: "remote", url: "https://admin.example.com", token: "of-prod" }],
  [
    "FAZT_TOKEN over the peer's",
    { to: "prod", envToken: "env", peers },
    { kind: "remote", url: "https://admin.example.com", token: "env" },
  ],
  [
    "--token over FAZT_TOKEN",
    { to: "prod", token: "flag", envToken: "env", peers },
    { kind: "remote", url: "https://admin.example.com", token: "flag" },
  ],
]

describe("the server that is meant", () => {
  it.each(rows)("follows %s", (_, parts, expected) => {
    const target = Either.getOrThrow(chooseTarget(wish(parts)))
    const plain = target.kind === "local" ? target : { ...target, token: Option.getOrUndefined(Option.map(target.token, Redacted.value)) }
    expect(plain).toEqual(expected)
  })

  it("cannot be both here and elsewhere", () => {
    expect(Either.getLeft(chooseTarget(wish({ to: "localhost", db: "data.db" })))).toMatchObject({ value: { code: "USAGE" } })
  })

  it("is no property that every object has", () => {
    expect(Either.isLeft(chooseTarget(wish({ to: "constructor", peers })))).toBe(true)
  })
})
