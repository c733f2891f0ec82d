import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { type KeyCommand, keyDecider } from "../../src/commands/keys.ts"
import type { KeyEvent } from "../../src/events/keys.ts"

const key = { key: "k", name: "laptop", scopes: ["deploy"], secretHash: "h" } as const
const limited = { ...key, user: "u", sites: ["blog"], expires: 1 } as const
const created: KeyEvent = { type: "v1.KeyCreated", data: key }
const used: KeyEvent = { type: "v1.KeyUsed", data: { key: "k" } }
const revoked: KeyEvent = { type: "v1.KeyRevoked", data: { key: "k" } }

const create: KeyCommand = { _tag: "CreateKey", ...key }
const use: KeyCommand = { _tag: "UseKey", key: "k" }
const revoke: KeyCommand = { _tag: "RevokeKey", key: "k" }

describe("an API key", () => {
  it.each<[string, ReadonlyArray<KeyEvent>, KeyCommand, ReadonlyArray<KeyEvent>]>([
    ["is issued", [], create, [created]],
    ["is issued with its user, sites and expiry", [], { _tag: "CreateKey", ...limited }, [{ type: "v1.KeyCreated", data: limited }]],
    ["is issued once", [created], create, []],
    ["is used", [created], use, [used]],
    ["is used again", [created, used], use, [used]],
    ["is not used where there is none", [], use, []],
    ["is not used once it is revoked", [created, revoked], use, []],
    ["is revoked", [created], revoke, [revoked]],
    ["is revoked after its use", [created, used], revoke, [revoked]],
    ["is revoked once", [created, revoked], revoke, []],
    ["never comes back once it is revoked", [created, revoked], create, []],
  ])("%s", (_, given, when, then) =>
    expect(keyDecider.decide(when, given.reduce(keyDecider.evolve, keyDecider.initial))).toEqual(Either.right(then)))

  it("cannot be revoked where there never was one", () =>
    expect(keyDecider.decide(revoke, keyDecider.initial)).toMatchObject({
      left: { _tag: "KeyNotFound", code: "KEY_NOT_FOUND", status: 404 },
    }))

  it("has a stream of its own", () =>
    expect([create, use, revoke].map((command) => keyDecider.stream(command))).toEqual(["key/k", "key/k", "key/k"]))
})
