import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ErrorCode } from "../../src/errorCodes.ts"
import { passwordCost } from "../../src/http/accounts/password.ts"
import { query, sha256, withoutRates } from "../support/api.ts"
import { checkError, checkSuccess } from "../support/checks.ts"
import { cookiesOf, join, logIn, type Person, send } from "../support/people.ts"
import { type Answer, cheapPasswords, realPasswords, startServer, type TestServer, zipForm } from "../support/server.ts"
import { whileSending } from "../support/whileSending.ts"
import { zipOf } from "../support/zip.ts"

let server: TestServer
let boss: Person
beforeAll(async () => {
  server = await startServer({ mode: "threads" })
  await withoutRates(server)
  boss = await join(server, "owner")
  // A hash takes so long that others can act meanwhile.
  Object.assign(passwordCost, realPasswords)
})
afterAll(async () => {
  Object.assign(passwordCost, cheapPasswords)
  await server.stop()
})

/** Long enough for a request to have been let in, and not for a password to be hashed. */
const soon = () => sleep(60)

const changeOf = ({ cookie, password }: Pick<Person, "cookie" | "password">, next: string) =>
  send(server, cookie, "POST", "/api/user/password", { password, new_password: next })

const canLogIn = async ({ username }: Person, password: string): Promise<boolean> =>
  (await send(server, undefined, "POST", "/api/login", { username, password })).status === 200

/** Where the newest event of this kind by this one stands; behind all others if there is none. */
const seqOf = (type: string, actor: string): number =>
  query<{ seq: number | null }>(server, "SELECT max(seq) AS seq FROM events WHERE type = ? AND actor = ?", type, actor)[0]!.seq ??
  Number.POSITIVE_INFINITY

/** On a machine that is busy enough, what should have come too late has come first: then it stands first in the log too. */
const refusedOrFirst = (
  answer: Answer,
  code: ErrorCode,
  [done, by]: readonly [string, string],
  [undone, boss]: readonly [string, string],
) => {
  if (answer.status === 200) expect(seqOf(done, by)).toBeLessThan(seqOf(undone, boss))
  else checkError(answer, code)
  return answer.status === 200
}

describe("a change of one's password, while it is on its way", () => {
  it("is refused where another has been made first", async () => {
    const person = await join(server, "viewer")
    const thief = await logIn(server, person.username, person.password)
    const own = changeOf(person, "what the person wants")
    await soon()
    const stolen = changeOf({ ...thief, password: person.password }, "what the thief wants")
    const statuses = [(await own).status, (await stolen).status]
    expect([...statuses].sort()).toEqual([200, 401])
    const works = [await canLogIn(person, "what the person wants"), await canLogIn(person, "what the thief wants")]
    expect(works).toEqual(statuses.map((status) => status === 200))
  })

  it("does not outlast what somebody else sets", async () => {
    const person = await join(server, "viewer")
    const own = changeOf(person, "what the person wants")
    await soon()
    const set = boss.post(`/api/users/${person.id}/password`, { password: "what the boss wants" })
    checkSuccess(await set)
    // Where it was the quicker one, it is what the other has replaced.
    expect([200, 401]).toContain((await own).status)
    expect([await canLogIn(person, "what the boss wants"), await canLogIn(person, "what the person wants")]).toEqual([true, false])
  })

  it("is refused where their sessions have been ended, and gives no new one", async () => {
    const person = await join(server, "viewer")
    const change = changeOf(person, "what the person wants")
    await soon()
    checkSuccess(await boss.send("DELETE", `/api/users/${person.id}/sessions`))
    const answer = await change
    const changed = ["v1.PasswordChanged", `user:${person.id}`] as const
    const wasFirst = refusedOrFirst(answer, "SESSION_EXPIRED", changed, ["v1.SessionEnded", `user:${boss.id}`])
    expect([cookiesOf(answer) !== "", await canLogIn(person, "what the person wants")]).toEqual([wasFirst, wasFirst])
  })
})

describe("a password that a key sets for somebody", () => {
  const keyOf = async (person: Person): Promise<{ readonly id: string; readonly token: string }> =>
    checkSuccess(await person.post("/api/keys", { name: "k", scopes: ["admin"] }), 201)
  const set = (token: string, { id }: Person) =>
    server.ask(`/api/users/${id}/password`, {
      method: "POST",
      token,
      headers: { "content-type": "application/json" },
      body: '{"password":"what the key wants"}',
    })

  it("is refused where the key is revoked meanwhile", async () => {
    const [key, person] = [await keyOf(boss), await join(server, "viewer")]
    const setting = set(key.token, person)
    await soon()
    checkSuccess(await boss.send("DELETE", `/api/keys/${key.id}`))
    const changed = ["v1.PasswordChanged", `key:${key.id}`] as const
    const wasFirst = refusedOrFirst(await setting, "INVALID_API_KEY", changed, ["v1.KeyRevoked", `user:${boss.id}`])
    expect(await canLogIn(person, "what the key wants")).toBe(wasFirst)
  })

  it("is refused where they become an owner meanwhile", async () => {
    const [key, person] = [await keyOf(boss), await join(server, "viewer")]
    const setting = set(key.token, person)
    await soon()
    checkSuccess(await boss.send("PATCH", `/api/users/${person.id}`, { role: "owner" }))
    const changed = ["v1.PasswordChanged", `key:${key.id}`] as const
    const wasFirst = refusedOrFirst(await setting, "FORBIDDEN", changed, ["v1.UserRoleChanged", `user:${boss.id}`])
    expect(await canLogIn(person, "what the key wants")).toBe(wasFirst)
  })
})

describe("content that is uploaded", () => {
  it.each(["/api/blobs", `/api/blobs/${sha256("content")}`])("is not stored once its key is revoked: %s", async (path) => {
    const { id, token } = checkSuccess(await boss.post("/api/keys", { name: "k", scopes: ["deploy"] }), 201)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(7)
    const isBatch = path === "/api/blobs"
    const body = Buffer.concat([...(isBatch ? [length] : []), Buffer.from("content")])
    const { status } = await whileSending(server.port, path, { method: isBatch ? "POST" : "PUT", token, body }, async () =>
      checkSuccess(await boss.send("DELETE", `/api/keys/${id}`)),
    )
    expect(status).toBe(401)
    expect(checkSuccess(await boss.post("/api/blobs/missing", { hashes: [sha256("content")] })).missing).toHaveLength(1)
  })
})

describe("a deploy by zip", () => {
  const deployer = async (...sites: ReadonlyArray<string>) => {
    const person = await join(server, "deployer", sites)
    const key = checkSuccess(await person.post("/api/keys", { name: "k", scopes: ["deploy"] }), 201)
    return { person, key: key as { readonly id: string; readonly token: string } }
  }

  it("publishes nothing on a site that was taken away while it came", async () => {
    const { person, key } = await deployer("alpha", "beta")
    const form = zipForm(zipOf({ "index.html": "stolen" }), { site_name: "alpha" })
    const refused = await whileSending(server.port, "/api/deploy", { ...form, token: key.token }, async () =>
      checkSuccess(await boss.send("PATCH", `/api/users/${person.id}`, { role: "deployer", sites: ["beta"] })),
    )
    expect(refused).toEqual({ status: 403, code: "FORBIDDEN" })
    expect((await server.ask("/", { host: "alpha.localhost" })).status).toBe(404)
  })

  it("publishes nothing once its key is revoked, also while it is unpacked", async () => {
    const { key } = await deployer("gamma")
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`${i}.txt`, `number ${i}`]))
    const deploy = server.ask("/api/deploy", { method: "POST", token: key.token, ...zipForm(zipOf(files), { site_name: "gamma" }) })
    await sleep(200)
    checkSuccess(await boss.send("DELETE", `/api/keys/${key.id}`))
    const { status } = await deploy
    // Had it been quicker than the revocation, it might.
    const order = query<{ type: string }>(
      server,
      "SELECT type FROM events WHERE type = 'v1.KeyRevoked' OR (type = 'v1.SiteDeployed' AND actor = ?) ORDER BY seq DESC LIMIT 1",
      `key:${key.id}`,
    )
    expect(order).toEqual([{ type: "v1.KeyRevoked" }])
    expect([401, 200]).toContain(status)
  })
})
