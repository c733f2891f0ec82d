import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { join, logIn, type Person, send } from "../../support/people.ts"
import { owner, startServer, type TestServer } from "../../support/server.ts"
import { type Around, runVerb } from "../runVerb.ts"

let server: TestServer
let remote: ReadonlyArray<string>
beforeAll(async () => {
  server = await startServer()
  remote = ["--to", `localhost:${server.port}`, "--token", await server.key("admin")]
})
afterAll(() => server.stop())

/** As the owner, through the local socket. */
const users = (args: ReadonlyArray<string>, around?: Around) => runVerb(["users", ...args, "--db", server.db], around)
/** As a program, with a key for everything. */
const byKey = (args: ReadonlyArray<string>, around?: Around) => runVerb(["users", ...args, ...remote], around)

describe("fazt users", () => {
  let ann: Person
  let bob: Person
  beforeAll(async () => {
    ann = await join(server, "admin")
    bob = await join(server, "deployer", ["blog"])
  })

  it("lists users, to people and to programs", async () => {
    const listed = await users([])
    expect([listed.code, listed.stderr]).toEqual([0, ""])
    const rows = listed.stdout.split("\n").map((line) => line.split(/ {2,}/))
    expect(rows[0]).toEqual(["USER", "ID", "ROLE", "SITES", "2ND FACTOR", "LAST LOGIN"])
    expect(rows[1]).toEqual(["admin", "owner", "owner", "all", "none", "never"])
    expect(listed.stdout).toContain("blog")
    const { code, json } = await byKey(["--json"])
    expect([code, json.map(({ username }: Person) => username)]).toEqual([0, [owner.username, ann.username, bob.username]])
    expect((await users(["--limit", "1"])).stdout).toContain("2 more")
  })

  it("shows one of them, by name in any case or by id", async () => {
    for (const named of [bob.username, bob.username.toUpperCase(), bob.id]) {
      const { code, json } = await users(["show", named, "--json"])
      expect([code, json.id, json.sites]).toEqual([0, bob.id, ["blog"]])
    }
    expect((await byKey(["show", "owner"])).stdout).toMatch(/^User +admin\nId +owner\nRole +owner\n/)
    const missing = await users(["show", "nobody"])
    expect([missing.code, missing.stdout, missing.stderr]).toEqual([
      3,
      "",
      "error: there is no user 'nobody'\nhint: `fazt users` lists them\n",
    ])
  })

  it("sets a role", async () => {
    expect(await users(["set-role", bob.username, "--role", "deployer", "--sites", "blog,shop"])).toMatchObject({
      code: 0,
      stdout: `✓ ${bob.username} is deployer of blog, shop now\n`,
    })
    const { json } = await byKey(["set-role", bob.username, "--role", "viewer", "--json"])
    expect(json).toMatchObject({ id: bob.id, role: "viewer", sites: [] })
    const refused = await byKey(["set-role", "owner", "--role", "viewer"])
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining("owner")])
    expect((await users(["set-role", bob.username, "--role", "king"])).code).toBe(2)
  })

  it("invites, lists what is open, and revokes", async () => {
    const made = await users(["invite", "--role", "deployer", "--sites", "blog", "--note", "for Cy", "--expires", "2d"])
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^http:\/\/localhost:\d+\/auth\/invite\/\S+\n$/)])
    const [, id, shown] = /^Invitation (\S+) as deployer of blog \(for Cy\), until .*Its code is (\S+), shown this once:/.exec(made.stderr)!
    expect(made.stdout.trim().endsWith(`/${shown}`)).toBe(true)
    const second = (await byKey(["invite", "--role", "viewer", "--json"])).json
    expect(second).toMatchObject({ role: "viewer", code: expect.any(String), url: expect.stringContaining("/auth/invite/") })

    const listed = await users(["invitations"])
    expect(listed.stdout).toMatch(new RegExp(`${id} +deployer +blog +local|${id} +deployer +blog`))
    expect(listed.stdout).not.toContain(shown)
    const days = (Date.parse((await users(["invitations", "--json"])).json[0].expires_at) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(1.9)
    expect(days).toBeLessThan(7.1)

    expect(await users(["revoke-invitation", id!])).toMatchObject({ code: 0, stdout: `✓ invitation ${id} is void\n` })
    expect((await byKey(["revoke-invitation", second.id, "--json"])).json).toMatchObject({ id: second.id })
    expect((await users(["revoke-invitation", "nothere"])).code).toBe(3)
    expect((await users(["invitations"])).stdout).toContain("There are no open invitations")
    for (const expires of ["soon", "30s", "90m"]) {
      expect(await users(["invite", "--role", "viewer", "--expires", expires])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("12h, 7d"),
      })
    }
  })

  it("ends the sessions of somebody", async () => {
    const cy = await join(server, "viewer")
    expect((await cy.get("/api/sites")).status).toBe(200)
    expect(await users(["end-sessions", cy.username])).toMatchObject({ code: 0, stdout: `✓ 1 session of ${cy.username} ended.\n` })
    expect((await cy.get("/api/sites")).status).toBe(401)
    expect((await byKey(["end-sessions", cy.username, "--json"])).json).toMatchObject({ id: cy.id, message: expect.any(String) })
    expect((await byKey(["end-sessions", "owner"])).code).toBe(4)
  })

  it("takes factors from somebody", async () => {
    const dee = await join(server, "viewer")
    expect(await users(["reset-factors", dee.username])).toMatchObject({
      code: 0,
      stdout: `✓ ${dee.username} logs in by the password alone now\n`,
    })
    expect((await byKey(["reset-factors", dee.username, "--json"])).json).toMatchObject({ username: dee.username })
    expect((await byKey(["reset-factors", "owner"])).code).toBe(4)
  })

  it("removes somebody, if that is really meant", async () => {
    const eve = await join(server, "viewer")
    const unsure = await users(["remove", eve.username])
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining("say --yes")])
    const declined = await users(["remove", eve.username], { person: () => "n" })
    expect([declined.code, declined.asked[0]?.question]).toEqual([
      1,
      `Remove ${eve.username} (viewer), with their sessions and keys? [y/N] `,
    ])
    expect(await users(["remove", eve.username], { person: () => "yes" })).toMatchObject({
      code: 0,
      stdout: `✓ ${eve.username} is removed\n`,
    })
    expect((await users(["remove", eve.username, "--yes"])).code).toBe(3)
    const fay = await join(server, "viewer")
    expect((await byKey(["remove", fay.id, "--yes", "--json"])).json).toMatchObject({ id: fay.id, username: fay.username })
    expect((await users(["remove", "owner", "--yes"])).code).not.toBe(0)
  })
})

describe("a user's new password", () => {
  const works = async (username: string, password: string) =>
    (await send(server, undefined, "POST", "/api/login", { username, password })).status === 200

  it("is typed twice, and nothing shows it", async () => {
    const gil = await join(server, "viewer")
    const password = "seven wet stones"
    const typed = await users(["set-password", gil.username], { person: () => password })
    expect([typed.code, typed.stdout]).toEqual([0, ""])
    expect(typed.asked).toEqual([
      { question: "New password: ", hidden: true },
      { question: "Once more: ", hidden: true },
    ])
    expect(typed.stderr).toBe(`✓ ${gil.username} has a new password, and their sessions have ended\n`)
    expect(await works(gil.username, password)).toBe(true)
    expect(await works(gil.username, gil.password)).toBe(false)
    let typedOnce = 0
    const differ = await users(["set-password", gil.username], { person: () => `${password}${typedOnce++}` })
    expect([differ.code, differ.stderr]).toEqual([1, "error: these are two different passwords\n"])
  })

  it("comes from standard input, or the server makes one up", async () => {
    const hal = await join(server, "viewer")
    expect(await byKey(["set-password", hal.username, "--password-stdin", "--json"], { stdin: "eight dry leaves\n" })).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining("eight"),
    })
    expect(await works(hal.username, "eight dry leaves")).toBe(true)
    const made = await users(["set-password", hal.username, "--generate"])
    expect(made.stderr).toContain("It is shown this once:")
    expect(await works(hal.username, made.stdout.trim())).toBe(true)
  })

  it.each<[ReadonlyArray<string>, Around, number, string]>([
    [[], {}, 2, "there is nobody to ask here: give --password-stdin"],
    [["--password-stdin", "--generate"], { stdin: "x" }, 2, "the password can come from one place only"],
    [["--password-stdin"], {}, 1, "an empty text is no password"],
    [["--password-stdin"], { stdin: "short\n" }, 1, "A password has at least 8 characters."],
  ])("is refused for %j", async (args, around, code, says) => {
    const refused = await users(["set-password", "owner", ...args], around)
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(says)])
    if (around.stdin !== undefined && around.stdin.length > 1) expect(refused.stderr).not.toContain(around.stdin.trim())
  })

  it("brings an owner in again who is locked out, on the machine itself only", async () => {
    const refused = await byKey(["set-password", owner.username, "--generate"])
    expect([refused.code, refused.stdout]).toEqual([4, ""])
    expect((await users(["set-password", "owner", "--password-stdin"], { stdin: "nine old doors" })).code).toBe(0)
    expect((await logIn(server, owner.username, "nine old doors")).id).toBe("owner")
    const credentials = (args: ReadonlyArray<string>, around?: Around) =>
      runVerb(["server", "set-credentials", "--db", server.db, ...args], around)
    expect((await credentials(["--username", owner.username, "--password", "ten long roads"])).code).toBe(0)
    expect(await works(owner.username, "ten long roads")).toBe(true)
    expect((await credentials(["--password-stdin", "--json"], { stdin: "one more time" })).json).toMatchObject({ id: "owner" })
    expect((await credentials(["--username", "nobody", "--generate"])).code).toBe(3)
    expect((await credentials(["--password", "abc", "--generate"])).code).toBe(2)
  })
})
