import { TOTP } from "otpauth"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { logIn, send } from "../../support/people.ts"
import { owner, startServer, type TestServer } from "../../support/server.ts"
import { type Around, runVerb } from "../runVerb.ts"
import type { Person } from "../terminal.ts"

let server: TestServer
let password: string

/** Each part has a server of its own: a code of the app is good once, whoever sets up the app anew. */
const onServer = () => {
  beforeAll(async () => {
    server = await startServer()
    password = owner.password
  })
  afterAll(() => server.stop())
}

/** The owner at the machine itself. */
const here = (args: ReadonlyArray<string>, around?: Around) => runVerb(["account", ...args, "--db", server.db], around)

/** The owner over the network, who types name and password. */
const there = (args: ReadonlyArray<string>, around: Around = {}) =>
  runVerb(["account", ...args, "--to", `localhost:${server.port}`], { person: types({}), ...around })

/** Replies to questions that begin so; to those for name and password with the owner's. */
const types =
  (replies: Readonly<Record<string, (noted: ReadonlyArray<string>) => string>>): Person =>
  (question, noted) => {
    if (question === "Username: ") return owner.username
    if (question === "Password: ") return password
    const reply = Object.entries(replies).find(([begins]) => question.startsWith(begins))?.[1]
    if (reply === undefined) throw new Error(`Nobody knows what to reply to: ${question}`)
    return reply(noted)
  }

/** What the app shows that was told the key in what was noted. */
const codeOf = (noted: ReadonlyArray<string>, later = 0): string => {
  const secret = /this key: (\S+)/.exec(noted.join("\n"))![1]!
  return new TOTP({ secret }).generate({ timestamp: Date.now() + later * 30_000 })
}

const sessions = async (): Promise<number> => (await here(["sessions", "--json"])).json.length

describe.each([
  ["at the machine itself", here],
  ["over the network", there],
])("fazt account %s", (_, account) => {
  onServer()

  it("shows whose it is", async () => {
    const shown = await account([])
    expect([shown.code, shown.stderr]).toEqual([0, ""])
    expect(shown.stdout).toMatch(/^User +admin\nId +owner\nRole +owner\nSites +all\nAuthenticator app +off\nPasskeys +none\n/)
    expect((await account(["--json"])).json).toMatchObject({ id: "owner", username: owner.username, totp: false })
  })

  it("lists sessions and ends them", async () => {
    const person = await logIn(server)
    const listed = await account(["sessions"])
    expect(listed.stdout).toMatch(/^ID +LOGGED IN BY +BEGAN +SEEN +UNTIL +FROM +WITH\n|^ID +/)
    const { json } = await account(["sessions", "--json"])
    const other = json.find(({ current }: { readonly current: boolean }) => !current)
    expect(await account(["end-session", other.id])).toMatchObject({ code: 0, stdout: `✓ session ${other.id} has ended\n` })
    expect((await account(["end-session", "nothere"])).code).toBe(3)
    expect((await person.get("/api/sites")).status).toBe(401)
    await logIn(server)
    expect((await account(["end-sessions", "--json"])).json.message).toMatch(/ended\.$/)
    expect(await sessions()).toBe(0)
  })

  it("sets up an authenticator app, makes recovery codes, and takes it all away", async () => {
    const person = types({ "The code": codeOf })
    const enabled = await account(["totp", "enable"], { person })
    expect([enabled.code, enabled.stderr]).toEqual([0, expect.stringContaining("otpauth://totp/")])
    expect(enabled.stdout).toContain("✓ a login takes a code from now on")
    expect(enabled.stdout.match(/^ {2}\S+$/gm)).toHaveLength(10)
    const again = await here(["recovery-codes", "--json"])
    expect(again.json.recovery_codes).toHaveLength(10)
    expect((await here([])).stdout).toContain("on, 10 recovery codes left")

    // From now on a code is asked for, and a recovery code is one.
    const asked = await there(["--json"], { person: types({ "Code of": () => again.json.recovery_codes[0] }) })
    expect([asked.code, asked.asked.at(-1)]).toEqual([0, { question: expect.stringMatching(/^Code of/), hidden: true }])
    expect((await there([], { person: types({ "Code of": () => "000000" }) })).code).toBe(4)
    expect((await there(["--code", again.json.recovery_codes[1]])).code).toBe(0)
    expect((await here(["totp", "disable"])).stdout).toBe("✓ a login takes no code any more\n")
  })

  it("asks again for a mistyped code, and not for ever", async () => {
    let tries = 0
    const mistyping = types({ "The code": (noted) => (tries++ === 0 ? "000 000" : codeOf(noted, 1)) })
    const enabled = await account(["totp", "enable", "--json"], { person: mistyping })
    expect([enabled.code, enabled.json.recovery_codes.length, tries]).toEqual([0, 10, 2])
    await here(["totp", "disable"])
    const never = await account(["totp", "enable"], { person: types({ "The code": () => "000000" }) })
    expect([never.code, never.asked.filter(({ question }) => question.startsWith("The code"))]).toEqual([1, expect.any(Array)])
    expect((await here([])).stdout).toMatch(/Authenticator app +off/)
  })

  it("has passkeys", async () => {
    expect((await account(["passkeys"])).stdout).toContain("There are no passkeys")
    expect((await account(["passkeys", "--json"])).json).toEqual([])
    expect((await account(["remove-passkey", "nothere"])).code).toBe(3)
  })
})

describe("one's own password", () => {
  onServer()

  const works = async (candidate: string) =>
    (await send(server, undefined, "POST", "/api/login", { username: owner.username, password: candidate })).status === 200

  it("is changed at the machine itself without the one that holds", async () => {
    const typed = await here(["password"], { person: () => "four green hills" })
    expect(typed).toMatchObject({ code: 0, stdout: "✓ the password is changed, and all other sessions have ended\n", stderr: "" })
    expect([await works("four green hills"), await works(password)]).toEqual([true, false])
    expect((await here(["password", "--password-stdin"], { stdin: "five grey stones\n" })).code).toBe(0)
    password = "five grey stones"
    expect(await works(password)).toBe(true)
  })

  it("is changed over the network by whoever knows the one that holds, and no session stays behind", async () => {
    expect(
      (await there(["password"], { person: types({ "New password": () => "six blue doors", "Once more": () => "six blue doors" }) })).code,
    ).toBe(0)
    password = "six blue doors"
    expect(await sessions()).toBe(0)
    const args = ["password", "--username", owner.username, "--password-stdin", "--json"]
    expect((await there(args, { stdin: "six blue doors\nsome other words\n" })).json.message).toContain("changed")
    password = "some other words"
    expect(await sessions()).toBe(0)
    expect(await works(password)).toBe(true)
  })

  it("has to be good", async () => {
    const refused = await here(["password", "--password-stdin"], { stdin: "hunter2" })
    expect([refused.code, refused.stderr]).toEqual([1, "error: A password has at least 8 characters.\n"])
    expect((await here(["password"])).stderr).toContain("there is nobody to ask here")
  })
})

describe("a login for an account", () => {
  onServer()

  it("says what is wrong, without the password, and without talking of keys", async () => {
    const wrong = await there([], { person: (question) => (question === "Username: " ? "admin" : "no such words") })
    expect([wrong.code, wrong.stdout]).toEqual([4, ""])
    expect(wrong.stderr).toBe("error: The username or the password is wrong, or the code is.\n")
    expect((await runVerb(["account", "--to", `localhost:${server.port}`])).stderr).toContain("give --username and --password-stdin")
  })

  it("leaves no session behind", async () => {
    expect((await there([])).code).toBe(0)
    expect(await sessions()).toBe(0)
  })
})
