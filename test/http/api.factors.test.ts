import { Secret, TOTP } from "otpauth"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { askLocally, query, withoutRates } from "../support/api.ts"
import { authenticator } from "../support/authenticator.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { cookiesOf, join, type Person, send } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await withoutRates(server, ["auth"])
})
afterAll(() => server.stop())

let person: Person
beforeEach(async () => {
  person = await join(server, "admin")
})

const logIn = (more: Record<string, unknown> = {}) =>
  send(server, undefined, "POST", "/api/login", { username: person.username, password: person.password, ...more })

/** The code of the app so many steps from now. */
const codeOf = (secret: string, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period: 30 }).generate({
    timestamp: Date.now() + steps * 30_000,
  })

const enable = async () => {
  const { secret, uri } = checkSuccess(await person.post("/api/user/totp", { password: person.password }))
  expect(uri).toContain(`secret=${secret}`)
  const used = codeOf(secret)
  const { recovery_codes: codes } = checkSuccess(await person.post("/api/user/totp/confirm", { code: used }))
  return { secret, used, codes: codes as ReadonlyArray<string> }
}

describe("an authenticator app", () => {
  it("asks for a code at each login once its first code has been seen, and never takes a code twice", async () => {
    const { secret, used } = await enable()
    expect(checkSuccess(await person.get("/api/user/me"))).toMatchObject({ totp: true, recovery_codes: 10 })
    expect(checkError(await logIn(), "SECOND_FACTOR_REQUIRED").details.methods).toEqual(["totp", "recovery_code"])
    checkError(await logIn({ code: used }), "INVALID_CREDENTIALS")
    checkError(await logIn({ code: "000000" }), "INVALID_CREDENTIALS")
    const next = codeOf(secret, 1)
    const answer = await logIn({ code: next })
    expect(checkSuccess(answer).user.username).toBe(person.username)
    checkError(await logIn({ code: next }), "INVALID_CREDENTIALS")
    const { items } = checkList(await send(server, cookiesOf(answer), "GET", "/api/user/sessions"))
    expect(items[0]).toMatchObject({ current: true, method: "totp" })
  })

  it("is not asked about where the password is wrong, so that it cannot be learned who has one", async () => {
    await enable()
    checkError(await logIn({ password: "wrong" }), "INVALID_CREDENTIALS")
  })

  it("holds nothing before it is confirmed, and takes the password to begin and to end", async () => {
    checkError(await person.post("/api/user/totp", { password: "wrong" }), "INVALID_CREDENTIALS")
    checkError(await person.post("/api/user/totp/confirm", { code: "123456" }), "CONFLICT")
    const { secret } = checkSuccess(await person.post("/api/user/totp", { password: person.password }))
    const wrong = codeOf(secret) === "123456" ? "123457" : "123456"
    checkError(await person.post("/api/user/totp/confirm", { code: wrong }), "VALIDATION_FAILED")
    checkSuccess(await logIn())
    checkSuccess(await person.post("/api/user/totp/confirm", { code: codeOf(secret) }))
    checkError(
      await person.post("/api/user/totp", { password: person.password }).then(async () => {
        const again = checkSuccess(await person.post("/api/user/totp", { password: person.password }))
        return person.post("/api/user/totp/confirm", { code: codeOf(again.secret) })
      }),
      "CONFLICT",
    )
    checkError(await person.post("/api/user/totp/disable", { password: "wrong" }), "INVALID_CREDENTIALS")
    checkSuccess(await person.post("/api/user/totp/disable", { password: person.password }))
    checkSuccess(await logIn())
  })

  it("that is lost is stood in for by recovery codes, each once", async () => {
    const { codes } = await enable()
    expect(new Set(codes).size).toBe(10)
    checkSuccess(await logIn({ code: codes[3]!.toUpperCase().replace("-", " ") }))
    checkError(await logIn({ code: codes[3] }), "INVALID_CREDENTIALS")
    expect(checkSuccess(await person.get("/api/user/me")).recovery_codes).toBe(9)
    const { recovery_codes: fresh } = checkSuccess(await person.post("/api/user/recovery-codes", { password: person.password }))
    checkError(await logIn({ code: codes[4] }), "INVALID_CREDENTIALS")
    checkSuccess(await logIn({ code: fresh[0] }))
  })

  it("leaves neither its secret nor a recovery code in the log, and its vault entries are shredded with it", async () => {
    const { secret, codes } = await enable()
    const log = JSON.stringify(query(server, "SELECT data FROM events"))
    for (const text of [secret, ...codes]) expect(log).not.toContain(text)
    checkSuccess(await person.post("/api/user/totp/disable", { password: person.password }))
    expect(
      query(server, "SELECT ref FROM vault WHERE ref LIKE ? OR ref LIKE ?", `user/${person.id}/totp/%`, `user/${person.id}/recovery/%`),
    ).toEqual([])
  })

  it("is taken from a user by who manages them, after which the password alone is enough", async () => {
    await enable()
    const owner = await join(server, "owner")
    checkSuccess(await owner.send("DELETE", `/api/users/${person.id}/factors`))
    checkSuccess(await logIn())
  })

  it("guards against whoever knows the password: codes are not tried without end", async () => {
    const { secret } = await enable()
    await askLocally(server, "/api/config/server.trusted_proxies", { method: "PUT", body: '{"value":"loopback"}' })
    const credentials = { username: person.username, password: person.password }
    const from = (address: string, code: string) =>
      send(server, undefined, "POST", "/api/login", { ...credentials, code }, { headers: { "x-forwarded-for": address } })
    const statuses: Array<number> = []
    const wrong = codeOf(secret, 40)
    for (let i = 0; i < 7; i++) statuses.push((await from("198.51.100.1", wrong)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
    await askLocally(server, "/api/config/server.trusted_proxies", { method: "DELETE" })
  })
})

describe("a passkey", () => {
  const device = () => authenticator(`http://localhost:${server.port}`)

  const add = async (key = device(), name = "phone") => {
    const options = checkSuccess(await person.post("/api/user/passkeys/options", { password: person.password }))
    const answer = await person.post("/api/user/passkeys", { name, response: key.create(options) })
    return { key, passkey: checkSuccess(answer, 201) }
  }
  const enter = async (key: ReturnType<typeof device>, lies = {}) => {
    const options = checkSuccess(await send(server, undefined, "POST", "/api/login/passkey/options"))
    return send(server, undefined, "POST", "/api/login/passkey", { response: key.get(options, lies) })
  }

  it("logs in without a name, a password or a code", async () => {
    await enable()
    const { key, passkey } = await add()
    expect(passkey).toMatchObject({ name: "phone", last_used_at: null })
    const answer = await enter(key)
    expect(checkSuccess(answer).user.username).toBe(person.username)
    const { items } = checkList(await send(server, cookiesOf(answer), "GET", "/api/user/passkeys"))
    expect(items).toMatchObject([{ id: passkey.id, last_used_at: expect.any(String) }])
  })

  it("is good once for each challenge, from the admin's own host only, and for the user alone", async () => {
    const { key } = await add()
    const options = checkSuccess(await send(server, undefined, "POST", "/api/login/passkey/options"))
    const response = key.get(options)
    checkSuccess(await send(server, undefined, "POST", "/api/login/passkey", { response }))
    checkError(await send(server, undefined, "POST", "/api/login/passkey", { response }), "INVALID_CREDENTIALS")
    checkError(await enter(key, { origin: "http://evil.localhost" }), "INVALID_CREDENTIALS")
    checkError(await enter(key, { origin: "http://localhost:9999" }), "INVALID_CREDENTIALS")
    checkError(await enter(key, { rpId: "evil.localhost" }), "INVALID_CREDENTIALS")
    checkError(await enter(key, { userVerified: false }), "INVALID_CREDENTIALS")
    checkError(await enter(key, { otherKey: true }), "INVALID_CREDENTIALS")
  })

  it("that was asked for by another port of this name is not taken, whatever the request says of itself", async () => {
    const { key } = await add()
    const at = (host: string, path: string, body?: unknown) => send(server, undefined, "POST", path, body, { host })
    for (const host of ["localhost:9999", "localhost"]) {
      checkError(await at(host, "/api/login/passkey/options"), "BAD_REQUEST")
      const options = checkSuccess(await send(server, undefined, "POST", "/api/login/passkey/options"))
      const response = key.get(options, { origin: `http://${host}` })
      checkError(await at(host, "/api/login/passkey", { response }), "BAD_REQUEST")
    }
  })

  it("takes the password to be added, and belongs to one user", async () => {
    checkError(await person.post("/api/user/passkeys/options", { password: "wrong" }), "INVALID_CREDENTIALS")
    const options = checkSuccess(await person.post("/api/user/passkeys/options", { password: person.password }))
    const other = await join(server, "viewer")
    checkError(await other.post("/api/user/passkeys", { name: "stolen", response: device().create(options) }), "VALIDATION_FAILED")
  })

  it("that is removed opens nothing any more, and nobody removes another's", async () => {
    const { key, passkey } = await add()
    const other = await join(server, "viewer")
    checkError(await other.send("DELETE", `/api/user/passkeys/${passkey.id}`), "PASSKEY_NOT_FOUND")
    checkSuccess(await person.send("DELETE", `/api/user/passkeys/${passkey.id}`))
    checkError(await enter(key), "INVALID_CREDENTIALS")
  })

  it("that nobody has, or that is none, is refused", async () => {
    for (const response of [{}, { id: "x" }, { id: 5 }, { id: "x", response: null }])
      checkError(await send(server, undefined, "POST", "/api/login/passkey", { response }), "INVALID_CREDENTIALS")
    checkError(await send(server, undefined, "POST", "/api/login/passkey", {}), "VALIDATION_FAILED")
  })
})
