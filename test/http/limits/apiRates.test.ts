import { describe, expect, it } from "vitest"
import { policy } from "../../../src/http/api/policy.ts"
import { apiRates, type RateClass, rateOf } from "../../../src/http/limits/apiRates.ts"

describe("an endpoint falls under", () => {
  for (const [endpoint, expected] of [
    // Where secrets can be guessed.
    ["POST /api/login", "auth"],
    ["POST /auth/login", "auth"],
    ["POST /api/auth/login", "auth"],
    ["POST /api/login/passkey/options", "auth"],
    ["POST /api/login/passkey", "auth"],
    ["GET /api/auth/invite/abc", "auth"],
    ["POST /api/auth/invite/abc", "auth"],
    ["GET /auth/invite/abc", "auth"],
    ["POST /api/user/password", "auth"],
    ["POST /api/user/totp", "auth"],
    ["POST /api/user/totp/confirm", "auth"],
    ["POST /api/user/totp/disable", "auth"],
    ["POST /api/user/recovery-codes", "auth"],
    ["POST /api/user/passkeys", "auth"],
    ["POST /api/user/passkeys/options", "auth"],
    ["DELETE /api/user/passkeys/1", "auth"],
    ["POST /api/users/u1/password", "auth"],
    // However it is written.
    ["POST /API/Login", "auth"],
    ["POST /api/login/", "auth"],
    ["POST /api/login//", "auth"],
    ["POST /api/login?x=/api/sites", "auth"],
    ["PUT /api/login", "auth"],
    // Whatever changes something.
    ["POST /api/logout", "write"],
    ["POST /auth/logout", "write"],
    ["POST /api/sites", "write"],
    ["DELETE /api/sites/login", "write"],
    ["POST /api/sites/login/rollback", "write"],
    ["POST /api/sites/deploy/rollback", "write"],
    ["PUT /api/sites/x/kv/value", "write"],
    ["POST /api/blobs/missing/x", "write"],
    ["POST /api/users/role", "write"],
    ["POST /api/invitations", "write"],
    ["DELETE /api/user/sessions", "write"],
    ["PATCH /api/sites/x/env", "write"],
    ["POST /api/loginx", "write"],
    ["BREW /api/coffee", "write"],
    // Uploads.
    ["POST /api/deploy", "upload"],
    ["POST /api/blobs", "upload"],
    ["POST /api/blobs/missing", "upload"],
    ["PUT /api/blobs/abc", "upload"],
    ["POST /api/sites/login/deploys", "upload"],
    ["POST /api/sites/x/deploys?spa=true", "upload"],
    // Reads.
    ["GET /api/sites", "read"],
    ["HEAD /api/sites", "read"],
    ["OPTIONS /api/sites", "read"],
    ["GET /api/login", "read"],
    ["GET /api/user/passkeys", "read"],
    ["GET /auth/session", "read"],
    ["GET /api/invitations", "read"],
    ["GET /metrics", "read"],
  ] satisfies ReadonlyArray<readonly [string, RateClass]>)
    it(`${expected}: ${endpoint}`, () => {
      const [method = "", path = ""] = endpoint.split(" ")
      expect(rateOf(method, path)).toBe(expected)
    })
})

it("an endpoint that changes something falls under no limit for reads", () => {
  const changing = Object.keys(policy).filter((endpoint) => !endpoint.startsWith("GET "))
  expect(changing.length).toBeGreaterThan(20)
  for (const endpoint of changing) {
    const [method = "", path = ""] = endpoint.split(" ")
    expect(rateOf(method, path), endpoint).not.toBe("read")
  }
})

describe("a caller", () => {
  const limits = { auth: 30, write: 600, read: 3000, upload: 0 }
  const rates = (at = { now: 0 }) => ({
    at,
    ...apiRates(
      () => limits,
      () => at.now,
    ),
  })

  it("is told what is left, in the form of the draft", () => {
    const { take } = rates()
    expect(take("read", "key:a")).toEqual({
      allowed: true,
      headers: { "RateLimit-Policy": '"read";q=3000;w=60', RateLimit: '"read";r=2999;t=1' },
      retryAfterSeconds: 0,
    })
    expect(take("auth", "1.2.3.4").headers).toEqual({ "RateLimit-Policy": '"auth";q=30;w=60', RateLimit: '"auth";r=29;t=2' })
  })

  it("is refused when it is too much, told when to come again, and let through then", () => {
    const { at, take, refused } = rates()
    for (let i = 0; i < 30; i++) expect(take("auth", "a").allowed).toBe(true)
    const verdict = take("auth", "a")
    expect(verdict).toEqual({
      allowed: false,
      headers: { "RateLimit-Policy": '"auth";q=30;w=60', RateLimit: '"auth";r=0;t=2', "Retry-After": "2" },
      retryAfterSeconds: 2,
    })
    expect(refused()).toEqual({ auth: 1, write: 0, read: 0, upload: 0 })
    at.now += verdict.retryAfterSeconds * 1000
    expect(take("auth", "a").allowed).toBe(true)
    expect(take("auth", "a").allowed).toBe(false)
  })

  it("has a quota of its own in each class", () => {
    const { take } = rates()
    for (let i = 0; i < 31; i++) take("auth", "a")
    expect([take("auth", "b").allowed, take("write", "a").allowed, take("read", "a").allowed]).toEqual([true, true, true])
  })

  it("is not limited where the limit is 0, nor on the local socket", () => {
    const { take } = rates()
    const free = { allowed: true, headers: {}, retryAfterSeconds: 0 }
    for (let i = 0; i < 100; i++) expect([take("upload", "a"), take("auth", "local")]).toEqual([free, free])
  })
})
