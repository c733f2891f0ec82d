import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { isPeerName, noPeers, readPeers, tokenHint, withoutPeer, withPeer, writePeers } from "../../src/cli/peers.ts"
import { Environment } from "../../src/config.ts"
import { silentEnvironment } from "../support/environment.ts"
import { tree } from "./tree.ts"

const temporary = (): string => join(tree(), "fazt")

const using = (configFolder: string) => Effect.provideService(Environment, silentEnvironment(configFolder))

const token = Redacted.make("fazt_k3j9x2_very-secret")
const prod = { url: "https://admin.example.com", token }

describe("the peers file", () => {
  it.effect("is empty before there is one", () =>
    Effect.gen(function* () {
      expect(yield* readPeers).toEqual(noPeers)
    }).pipe(using(temporary())),
  )

  it.effect("reads back what was written", () =>
    Effect.gen(function* () {
      yield* writePeers(withPeer(noPeers, "prod", prod))
      const read = yield* readPeers
      expect(read.default).toBe("prod")
      expect(Redacted.value(read.peers["prod"]!.token!)).toBe("fazt_k3j9x2_very-secret")
    }).pipe(using(temporary())),
  )

  it.effect("can be read by its owner only, whatever was there before", () => {
    const folder = temporary()
    return Effect.gen(function* () {
      mkdirSync(folder, { recursive: true })
      chmodSync(folder, 0o755)
      writeFileSync(join(folder, "peers.json"), JSON.stringify(noPeers), { mode: 0o644 })
      yield* writePeers(withPeer(noPeers, "prod", prod))
      expect(statSync(join(folder, "peers.json")).mode & 0o777).toBe(0o600)
      expect(statSync(folder).mode & 0o777).toBe(0o700)
    }).pipe(using(folder))
  })

  it.effect("is replaced as a whole, and leaves no drafts", () => {
    const folder = temporary()
    return Effect.gen(function* () {
      yield* writePeers(withPeer(noPeers, "a", { url: "http://localhost:1" }))
      const before = statSync(join(folder, "peers.json")).ino
      const names = Array.from({ length: 20 }, (_, index) => `p${index}`)
      yield* Effect.forEach(names, (name) => writePeers(withPeer(noPeers, name, prod)), { concurrency: "unbounded" })
      expect(statSync(join(folder, "peers.json")).ino).not.toBe(before)
      expect(readdirSync(folder)).toEqual(["peers.json"])
      expect(Object.keys((yield* readPeers).peers)).toHaveLength(1)
    }).pipe(using(folder))
  })

  it.effect.each(["", "{", "[]", '{"version":2,"peers":{}}', '{"version":1,"peers":{"a":{}}}'])(
    "is not overwritten when it holds %j",
    (text) => {
      const folder = temporary()
      return Effect.gen(function* () {
        mkdirSync(folder, { recursive: true })
        writeFileSync(join(folder, "peers.json"), text)
        const error = yield* Effect.flip(readPeers)
        expect(error).toMatchObject({ code: "PEERS_UNREADABLE", message: expect.stringContaining(join(folder, "peers.json")) })
        expect(readFileSync(join(folder, "peers.json"), "utf8")).toBe(text)
      }).pipe(using(folder))
    },
  )

  it.effect("leaves no draft when it cannot be written", () => {
    const folder = temporary()
    return Effect.gen(function* () {
      mkdirSync(join(folder, "peers.json"), { recursive: true })
      writeFileSync(join(folder, "peers.json", "x"), "")
      const error = yield* Effect.flip(writePeers(noPeers))
      expect(error).toMatchObject({ code: "PEERS_UNWRITABLE" })
      expect(readdirSync(folder)).toEqual(["peers.json"])
    }).pipe(using(folder))
  })
})

describe("the default peer", () => {
  const two = withPeer(withPeer(noPeers, "a", prod), "b", prod)

  it("is the first, and stays it", () => {
    expect(two.default).toBe("a")
  })

  it("goes with its peer, and the only one left takes its place", () => {
    expect(withoutPeer(two, "a").default).toBe("b")
    expect(withoutPeer(two, "b").default).toBe("a")
    expect(withoutPeer(withPeer(two, "c", prod), "a").default).toBeUndefined()
    expect(withoutPeer(withoutPeer(two, "a"), "b")).toEqual(noPeers)
  })
})

describe("what is shown of a peer", () => {
  it("is its key's id, never its secret", () => {
    expect(tokenHint(token)).toBe("fazt_k3j9x2_…")
    expect(tokenHint(Redacted.make("something else"))).toBe("…")
    expect(tokenHint(undefined)).toBe("")
  })

  it.each([
    ["prod", true],
    ["my_server-2", true],
    ["localhost", false],
    ["a.b", false],
    ["a:1", false],
    ["-a", false],
    ["", false],
  ])("%j is a name: %s", (name, expected) => {
    expect(isPeerName(name)).toBe(expected)
  })
})
