import { randomBytes } from "node:crypto"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Passkey, passkeys, type RelyingParty } from "../../../src/http/accounts/passkeys.ts"
import { authenticator, type Lies } from "../../support/authenticator.ts"

const party: RelyingParty = {
  id: "admin.example.com",
  name: "Fazt",
  origins: ["https://admin.example.com", "https://admin.example.com:8443"],
}
const minute = 60_000

const setUp = () => {
  const clock = { now: 0 }
  const { registrationOptions, verifyRegistration, authenticationOptions, verifyAuthentication } = passkeys({ now: () => clock.now })
  const device = authenticator("https://admin.example.com")
  const register = async (lies: Lies = {}, user = "owner") => {
    const options = await registrationOptions({ party, user, username: "Owner", existing: [] })
    return verifyRegistration({ party, user, response: device.create(options, lies) })
  }
  const registered = async (user = "owner"): Promise<Passkey> => {
    const answer = await register({}, user)
    if (!answer.ok) throw new Error(answer.reason)
    return answer.passkey
  }
  const logIn = async (passkey: Passkey, lies: Lies = {}, user = "owner") => {
    const response = device.get(await authenticationOptions({ party }), lies)
    return verifyAuthentication({ party, user, passkey, response })
  }
  return {
    clock,
    device,
    register,
    registered,
    logIn,
    registrationOptions,
    verifyRegistration,
    authenticationOptions,
    verifyAuthentication,
  }
}

/** Both ceremonies refuse these alike. */
const lies: ReadonlyArray<readonly [what: string, lies: Lies, reason: RegExp]> = [
  ["of another origin", { origin: "https://evil.example.com" }, /origin/],
  ["of the same host over plain HTTP", { origin: "http://admin.example.com" }, /origin/],
  ["for another relying party", { rpId: "example.com" }, /RP ID/],
  ["of the other ceremony", { type: "payment.get" }, /type/],
  ["with a challenge that nobody gave out", { challenge: randomBytes(32).toString("base64url") }, /challenge/],
  ["from inside another page", { crossOrigin: true }, /another origin's page/],
  ["without the user's PIN or finger", { userVerified: false }, /could not be verified/],
  ["without the user", { userPresent: false }, /not present/],
]

describe("registering a passkey", () => {
  it("asks for one that the authenticator keeps, and that checks its user", async () => {
    const { registrationOptions, registered } = setUp()
    const { id, transports } = await registered()
    const options = await registrationOptions({ party, user: "u7", username: "alice", existing: [{ id, transports }] })
    expect(options).toMatchObject({
      rp: { id: "admin.example.com", name: "Fazt" },
      user: { id: Buffer.from("u7").toString("base64url"), name: "alice", displayName: "alice" },
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      attestation: "none",
      timeout: 5 * minute,
      excludeCredentials: [{ id, type: "public-key", transports: ["usb", "nfc"] }],
    })
    expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257])
    expect(Buffer.from(options.challenge, "base64url")).toHaveLength(32)
  })

  it("gives what is to be kept", async () => {
    const { register } = setUp()
    expect(await register()).toEqual({
      ok: true,
      passkey: {
        id: expect.stringMatching(/^[\w-]{27}$/),
        publicKey: expect.stringMatching(/^[\w-]+$/),
        counter: 0,
        transports: ["usb", "nfc"],
      },
    })
  })

  it("may happen at each of the origins", async () => {
    const { register } = setUp()
    expect(await register({ origin: "https://admin.example.com:8443" })).toMatchObject({ ok: true })
  })

  it.each(lies)("refuses what was signed %s", async (_, lie, reason) => {
    const { register } = setUp()
    expect(await register(lie)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  })

  it("uses a challenge up, whatever comes of it", async () => {
    const { device, registrationOptions, verifyRegistration } = setUp()
    const options = await registrationOptions({ party, user: "owner", username: "Owner", existing: [] })
    const answer = (lie: Lies) => verifyRegistration({ party, user: "owner", response: device.create(options, lie) })
    expect((await answer({ userVerified: false })).ok).toBe(false)
    expect(await answer({})).toEqual({ ok: false, reason: expect.stringMatching(/challenge/) })
  })

  it("refuses a challenge that another user was given, or that is for a login", async () => {
    const { device, registrationOptions, authenticationOptions, verifyRegistration } = setUp()
    const options = await registrationOptions({ party, user: "alice", username: "alice", existing: [] })
    const { challenge } = await authenticationOptions({ party })
    const refused = { ok: false, reason: expect.stringMatching(/challenge/) }
    expect(await verifyRegistration({ party, user: "owner", response: device.create(options) })).toEqual(refused)
    expect(await verifyRegistration({ party, user: "login", response: device.create({ ...options, challenge }) })).toEqual(refused)
  })

  it("refuses an answer after five minutes", async () => {
    const { clock, device, registrationOptions, verifyRegistration } = setUp()
    const options = await registrationOptions({ party, user: "owner", username: "Owner", existing: [] })
    clock.now += 5 * minute
    expect((await verifyRegistration({ party, user: "owner", response: device.create(options) })).ok).toBe(false)
  })

  it.each([
    [undefined, []],
    ["usb", []],
    [
      ["internal", "hybrid", "internal", 7, null, "<b>", "usb"],
      ["internal", "hybrid", "usb"],
    ],
  ])("takes of the transports %j what is known", async (transports, kept) => {
    const { register } = setUp()
    expect(await register({ transports })).toMatchObject({ ok: true, passkey: { transports: kept } })
  })

  it("does not look at who made the authenticator, even if it tells", async () => {
    const { register } = setUp()
    const attStmt = new Map<string, unknown>([
      ["alg", -7],
      ["sig", new Uint8Array(70)],
      ["x5c", [new Uint8Array(100)]],
    ])
    for (const fmt of ["packed", "tpm", "android-key", "apple", "fido-u2f", "of tomorrow"])
      expect(await register({ attestation: { fmt, attStmt } })).toMatchObject({ ok: true })
  })
})

describe("logging in with a passkey", () => {
  it("asks for no user, and for the user's PIN or finger", async () => {
    const { authenticationOptions } = setUp()
    expect(await authenticationOptions({ party })).toEqual({
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      rpId: "admin.example.com",
      timeout: 5 * minute,
      userVerification: "required",
    })
  })

  it("succeeds again and again, and tells the counter to keep", async () => {
    const { registered, logIn } = setUp()
    const passkey = await registered()
    expect(await logIn(passkey)).toEqual({ ok: true, counter: 1 })
    expect(await logIn({ ...passkey, counter: 1 })).toEqual({ ok: true, counter: 2 })
  })

  it("succeeds with an authenticator that does not count", async () => {
    const { registered, logIn } = setUp()
    const passkey = await registered()
    expect(await logIn(passkey, { counter: 0 })).toEqual({ ok: true, counter: 0 })
    expect(await logIn(passkey, { counter: 0 })).toEqual({ ok: true, counter: 0 })
  })

  it.each(lies)("refuses what was signed %s", async (_, lie, reason) => {
    const { registered, logIn } = setUp()
    expect(await logIn(await registered(), lie)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  })

  it.each([
    [7, 6],
    [7, 7],
    [7, 0],
    [1, 0],
  ])("refuses a counter that was %d and is %d", async (counter, now) => {
    const { registered, logIn } = setUp()
    expect(await logIn({ ...(await registered()), counter }, { counter: now })).toEqual({
      ok: false,
      reason: expect.stringMatching(/counter/),
    })
  })

  it("refuses an answer that was given before", async () => {
    const { device, registered, authenticationOptions, verifyAuthentication } = setUp()
    const passkey = await registered()
    const response = device.get(await authenticationOptions({ party }))
    expect((await verifyAuthentication({ party, user: "owner", passkey, response })).ok).toBe(true)
    const again = await verifyAuthentication({ party, user: "owner", passkey, response })
    expect(again).toEqual({ ok: false, reason: expect.stringMatching(/challenge/) })
  })

  it("refuses an answer after five minutes", async () => {
    const { clock, device, registered, authenticationOptions, verifyAuthentication } = setUp()
    const passkey = await registered()
    const response = device.get(await authenticationOptions({ party }))
    clock.now += 5 * minute
    expect((await verifyAuthentication({ party, user: "owner", passkey, response })).ok).toBe(false)
  })

  it("refuses a challenge that was for a registration", async () => {
    const { device, registered, registrationOptions, authenticationOptions, verifyAuthentication } = setUp()
    const passkey = await registered()
    const { challenge } = await registrationOptions({ party, user: "login", username: "x", existing: [] })
    const response = device.get({ ...(await authenticationOptions({ party })), challenge })
    expect((await verifyAuthentication({ party, user: "owner", passkey, response })).ok).toBe(false)
  })

  it("refuses another user's passkey, and an answer that does not say whose it is", async () => {
    const { registered, logIn } = setUp()
    const passkey = await registered("alice")
    expect(await logIn(passkey, {}, "alice")).toMatchObject({ ok: true })
    const refused = { ok: false, reason: expect.stringMatching(/another user/) }
    expect(await logIn(passkey, {}, "owner")).toEqual(refused)
    expect(await logIn(passkey, { userHandle: Buffer.from("owner").toString("base64url") }, "alice")).toEqual(refused)
    expect(await logIn(passkey, { userHandle: undefined }, "alice")).toEqual(refused)
  })

  it("refuses another key's signature, and a passkey that is not the one it names", async () => {
    const { registered, logIn } = setUp()
    const first = await registered()
    const second = await registered()
    expect(await logIn(second, { otherKey: true })).toEqual({ ok: false, reason: expect.stringMatching(/signature/) })
    expect(await logIn(first)).toEqual({ ok: false, reason: expect.stringMatching(/signature/) })
    expect(await logIn({ ...second, id: first.id })).toEqual({ ok: false, reason: expect.stringMatching(/another passkey/) })
  })

  it("refuses anything else, without failing", async () => {
    const { registered, authenticationOptions, verifyAuthentication, verifyRegistration } = setUp()
    const passkey = await registered()
    const json = fc.jsonValue()
    const text = fc.oneof(fc.base64String(), fc.string(), json)
    const shaped = fc.record(
      {
        id: fc.oneof(fc.constant(passkey.id), text),
        rawId: fc.oneof(fc.constant(passkey.id), text),
        type: fc.oneof(fc.constant("public-key"), json),
        response: fc.oneof(
          fc.record({ clientDataJSON: text, authenticatorData: text, signature: text, attestationObject: text, userHandle: text }),
          json,
        ),
      },
      { requiredKeys: [] },
    )
    await authenticationOptions({ party })
    await fc.assert(
      fc.asyncProperty(fc.oneof(shaped, json), async (response) => {
        expect((await verifyAuthentication({ party, user: "owner", passkey, response })).ok).toBe(false)
        expect((await verifyRegistration({ party, user: "owner", response })).ok).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it("refuses an answer with any byte changed", async () => {
    const { device, registered, authenticationOptions, verifyAuthentication } = setUp()
    const passkey = await registered()
    for (const field of ["clientDataJSON", "authenticatorData", "signature"] as const) {
      const length = Buffer.from(device.get(await authenticationOptions({ party })).response[field], "base64url").length
      // How long the parts of a signature are is read leniently (ASN.1); what they are is not.
      for (let at = field === "signature" ? 4 : 0; at < Math.min(length, 40); at++) {
        const response = device.get(await authenticationOptions({ party }))
        const bytes = Buffer.from(response.response[field], "base64url")
        bytes[at]! ^= 1
        const changed = { ...response, response: { ...response.response, [field]: bytes.toString("base64url") } }
        expect((await verifyAuthentication({ party, user: "owner", passkey, response: changed })).ok, `${field} ${at}`).toBe(false)
      }
    }
  })
})
