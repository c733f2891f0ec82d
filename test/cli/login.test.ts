import { readFileSync } from "node:fs"
import { join as joinPath } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { partsOf } from "../../src/cli/join.ts"
import { nameOf } from "../../src/cli/ownKey.ts"
import { noPeers } from "../../src/cli/peers.ts"
import { join } from "../support/people.ts"
import { owner, startServer, type TestServer } from "../support/server.ts"
import { type Around, runVerb } from "./runVerb.ts"
import { tree } from "./tree.ts"

let server: TestServer
let url: string
beforeAll(async () => {
  server = await startServer()
  url = `http://localhost:${server.port}`
})
afterAll(() => server.stop())

let configFolder: string
beforeEach(() => {
  configFolder = joinPath(tree(), "fazt")
})

const run = (args: ReadonlyArray<string>, around: Around = {}) => runVerb(args, { configFolder, ...around })

const typing = (username: string, password: string): Around => ({
  person: (question) => (question === "Username: " ? username : question === "Password: " ? password : "n"),
})

const savedFile = () => JSON.parse(readFileSync(joinPath(configFolder, "peers.json"), "utf8"))
const sessions = async () => (await runVerb(["account", "sessions", "--json", "--db", server.db])).json.length

describe("fazt login", () => {
  it("makes a key, saves the server with it, and leaves no session behind", async () => {
    const { code, stdout, stderr, asked } = await run(["login", url, "--as", "prod"], typing(owner.username, owner.password))
    expect([code, stderr]).toEqual([0, ""])
    expect(asked).toEqual([
      { question: "Username: ", hidden: false },
      { question: "Password: ", hidden: true },
    ])
    const { token } = savedFile().peers.prod
    const id = token.split("_")[1]
    expect(stdout).toBe(`✓ logged in at ${url} as admin (owner)\n  the key ${id} (admin) is saved as the peer prod, the default\n`)
    expect(stdout).not.toContain(token)
    expect((await run(["keys", "show", id, "--json"])).json).toMatchObject({
      id,
      scopes: ["admin"],
      name: expect.stringMatching(/^fazt on /),
    })
    expect(await sessions()).toBe(0)
  })

  it("answers programs, which give name and password without a terminal, and never shows the key", async () => {
    const args = ["login", url, "--username", owner.username, "--password-stdin", "--json"]
    const { code, json, stdout } = await run([...args, "--scopes", "deploy", "--sites", "root", "--expires", "30d", "--name", "ci"], {
      stdin: `${owner.password}\n`,
    })
    expect(code).toBe(0)
    expect(json).toMatchObject({ peer: "local", url, default: true, key: { name: "ci", scopes: ["deploy"], sites: ["root"] } })
    expect(stdout).not.toMatch(/fazt_[a-z0-9]{12}_/)
    expect((await run(["sites", "--json"])).json).toHaveLength(1)
  })

  it("gives the key what the role of its user has", async () => {
    const bob = await join(server, "deployer", ["root"])
    expect((await run(["login", url, "--json"], typing(bob.username, bob.password))).json.key.scopes).toEqual(["deploy", "env", "kv"])
    expect((await run(["env", "list", "root"])).code).toBe(0)
    const eve = await join(server, "viewer")
    const refused = await run(["login", url, "--as", "other"], typing(eve.username, eve.password))
    expect([refused.code, refused.stderr]).toEqual([
      4,
      `error: ${eve.username} is a viewer, and viewers have no API keys\nhint: log in with a browser at ${url}\n`,
    ])
    expect(savedFile().peers.other).toBeUndefined()
  })

  it("gives a saved server a new key, and says that the old one still works", async () => {
    await run(["login", url, "--as", "prod"], typing(owner.username, owner.password))
    const before = savedFile().peers.prod.token
    const again = await run(["login", "prod"], typing(owner.username, owner.password))
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining(`fazt keys revoke ${before.split("_")[1]}`)])
    expect(savedFile().peers.prod.token).not.toBe(before)
  })

  it("warns where the password can be read on the way", async () => {
    const { stderr } = await run(["login", "http://203.0.113.7:1"])
    expect(stderr).toContain("warning: the password travels unencrypted to http://203.0.113.7:1")
  })

  it.each<[ReadonlyArray<string>, Around, number, string]>([
    [["URL"], typing("admin", "wrong words here"), 4, "The username or the password is wrong"],
    [["URL", "--as", "a.b"], {}, 2, "'a.b' cannot be a peer's name"],
    [["URL", "--scopes", "king"], {}, 2, "there is no scope 'king'"],
    [["nowhere"], {}, 2, "'nowhere' is neither a URL nor a peer"],
    [["URL"], {}, 2, "there is nobody to ask here: give --username and --password-stdin"],
    [["http://localhost:1"], typing("admin", "any words here"), 6, "cannot reach"],
  ])("refuses %j", async (args, around, code, says) => {
    const refused = await run(["login", ...args.map((arg) => (arg === "URL" ? url : arg))], around)
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([code, "", expect.stringContaining(says)])
    expect(refused.stderr).not.toContain("words here")
    expect(() => savedFile()).toThrow("ENOENT")
  })

  it.each([
    ["admin.example.com", "https://admin.example.com", "example-com"],
    ["localhost:4698", "http://localhost:4698", "local"],
    ["10.0.0.1", "http://10.0.0.1:4698", "10-0-0-1"],
    ["[::1]", "http://[::1]:4698", "1"],
  ])("calls %s so, where nothing is said: %s → %s", (named, address, name) => {
    expect(nameOf(noPeers, named, address)).toBe(name)
  })

  it("keeps the name under which a server is saved", () => {
    const peers = { version: 1, peers: { prod: { url: "https://admin.example.com" } } } as const
    expect(nameOf(peers, "prod", "https://admin.example.com")).toBe("prod")
    expect(nameOf(peers, "admin.example.com", "https://admin.example.com")).toBe("prod")
  })
})

describe("fazt whoami", () => {
  it("says as whom commands ask a server", async () => {
    expect(await run(["whoami", "--db", server.db])).toMatchObject({ code: 0, stdout: "admin (owner)\n" })
    const bob = await join(server, "deployer", ["root", "shop"])
    await run(["login", url], typing(bob.username, bob.password))
    expect((await run(["whoami"])).stdout).toBe(`${bob.username} (deployer of root, shop)\n`)
    expect((await run(["whoami", "--json"])).json).toMatchObject({ id: bob.id, username: bob.username })
    const nobody = await runVerb(["whoami", "--to", url])
    expect([nobody.code, nobody.stderr]).toEqual([4, expect.stringContaining("fazt login <server>")])
  })
})

describe("fazt join", () => {
  const invited = async (...args: ReadonlyArray<string>): Promise<string> =>
    (await runVerb(["users", "invite", ...args, "--json", "--db", server.db])).json.url

  const choosing = (username: string, password: string): Around => ({
    person: (question) => (question === "Choose a username: " ? username : password),
  })

  it("takes up an invitation, once, and remembers the server", async () => {
    const link = await invited("--role", "deployer", "--sites", "root")
    const joined = await run(["join", link, "--as", "work"], choosing("gina", "nine warm loaves"))
    expect([joined.code, joined.stderr]).toEqual([0, `an invitation to ${url} as deployer of root\n`])
    expect(joined.stdout).toMatch(
      new RegExp(`^✓ joined ${url} as gina \\(deployer\\)\n {2}the key \\S+ \\(deploy, env, kv\\) is saved as the peer work`),
    )
    expect((await run(["env", "list", "root"])).code).toBe(0)
    expect((await runVerb(["users", "show", "gina", "--json", "--db", server.db])).json).toMatchObject({
      role: "deployer",
      sites: ["root"],
    })
    const again = await run(["join", link], choosing("hugo", "nine warm loaves"))
    expect([again.code, again.asked]).toEqual([3, []])
  })

  it("answers programs, and gives a viewer no key", async () => {
    const link = await invited("--role", "viewer")
    const args = ["join", link, "--username", "vera", "--password-stdin", "--json"]
    expect((await run(args, { stdin: "ten cold mornings\n" })).json).toMatchObject({
      peer: null,
      user: { username: "vera", role: "viewer" },
      key: null,
    })
    expect(() => savedFile()).toThrow("ENOENT")
  })

  it("leaves an invitation good that was not taken up", async () => {
    const link = await invited("--role", "admin")
    const refused = await run(["join", link], choosing("ida", "short"))
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("A password has at least 8 characters.")])
    expect((await run(["join", link, "--scopes", "king"], choosing("ida", "one good password"))).code).toBe(2)
    expect((await run(["join", "http://localhost/somewhere"])).stderr).toContain("that is no link of an invitation")
    expect((await run(["join", link, "--json"], choosing("ida", "one good password"))).json.key.scopes).toEqual(["admin"])
  })

  it.each([
    ["https://admin.example.com/auth/invite/ab_c", { url: "https://admin.example.com", code: "ab_c" }],
    ["http://localhost:4698/api/auth/invite/ab_c/", { url: "http://localhost:4698", code: "ab_c" }],
    ["ftp://localhost/auth/invite/ab_c", undefined],
    ["ab_c", undefined],
  ])("reads the link %s", (link, parts) => {
    expect(partsOf(link)).toEqual(parts)
  })
})

describe("fazt logout", () => {
  const saved = async (...scopes: ReadonlyArray<"deploy" | "admin">) => {
    const token = await server.key(...scopes)
    expect((await run(["peer", "add", "prod", "--url", url, "--token", token])).code).toBe(0)
    return { token, id: token.split("_")[1]! }
  }

  it.each(["deploy", "admin"] as const)("revokes a key that may %s, and forgets it", async (scope) => {
    const { id, token } = await saved(scope)
    expect(await run(["logout", "prod"])).toMatchObject({ code: 0, stdout: `✓ logged out of prod: the key ${id} is revoked\n` })
    expect(savedFile().peers.prod).toEqual({ url })
    expect((await run(["sites", "--token", token])).code).toBe(4)
    expect(await run(["logout"])).toMatchObject({ code: 1, stderr: "error: no API key is saved with prod\n" })
  })

  it("forgets a key that had ended, and says so to programs", async () => {
    const { id } = await saved("deploy")
    expect((await runVerb(["keys", "revoke", id, "--db", server.db])).code).toBe(0)
    expect((await run(["logout", "--json"])).json).toEqual({ peer: "prod", key: id, revoked: false })
  })

  it("keeps the key where the server cannot be reached", async () => {
    expect((await run(["peer", "add", "gone", "--url", "http://localhost:1", "--token", "fazt_abcdefghijkl_x"])).code).toBe(0)
    expect((await run(["logout", "gone"])).code).toBe(6)
    expect(savedFile().peers.gone.token).toBe("fazt_abcdefghijkl_x")
    expect((await run(["logout", "nobody"])).code).toBe(3)
  })

  it("says so where there is nothing to log out of", async () => {
    expect((await run(["logout"])).stderr).toContain("there is no default peer")
    expect((await run(["peer", "add", "odd", "--url", url, "--token", "something"])).code).toBe(0)
    expect(await run(["logout"])).toMatchObject({ code: 1, stderr: expect.stringContaining("is no API key of Fazt") })
  })
})
