import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { type AccessCommand, accessDecider } from "../../src/commands/access.ts"
import type { AccessEvent } from "../../src/events/access.ts"

const key = { key: "k", name: "laptop", scopes: ["deploy"], secretHash: "h" } as const
const issued: AccessEvent = { type: "v1.KeyCreated", data: key }
const revoked: AccessEvent = { type: "v1.KeyRevoked", data: { key: "k" } }
const owner = { username: "admin", password: "owner/password" }
const enrolled: AccessEvent = { type: "v1.OwnerEnrolled", data: owner }

const decide = (given: ReadonlyArray<AccessEvent>, when: AccessCommand) =>
  accessDecider.decide(when, given.reduce(accessDecider.evolve, accessDecider.initial))

describe("access", () => {
  it("issues a key", () => expect(decide([], { _tag: "CreateKey", ...key })).toEqual(Either.right([issued])))
  it("revokes a key", () => expect(decide([issued], { _tag: "RevokeKey", key: "k" })).toEqual(Either.right([revoked])))
  it("revokes a key once", () => expect(decide([issued, revoked], { _tag: "RevokeKey", key: "k" })).toEqual(Either.right([])))
  it("never brings a revoked key back", () => expect(decide([issued, revoked], { _tag: "CreateKey", ...key })).toEqual(Either.right([])))
  it("cannot revoke a key there never was", () =>
    expect(decide([], { _tag: "RevokeKey", key: "k" })).toMatchObject({ left: { _tag: "KeyNotFound" } }))
  it("enrols the owner", () => expect(decide([], { _tag: "EnrollOwner", ...owner })).toEqual(Either.right([enrolled])))
  it("has one owner", () => expect(decide([enrolled], { _tag: "EnrollOwner", ...owner })).toMatchObject({ left: { _tag: "OwnerExists" } }))
})
