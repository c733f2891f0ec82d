import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startServer, type TestServer } from "../../support/server.ts"
import { runVerb } from "../runVerb.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const run = (...args: ReadonlyArray<string>) => runVerb([...args, "--db", server.db])
const byKey = (token: string, ...args: ReadonlyArray<string>) => runVerb([...args, "--to", `localhost:${server.port}`, "--token", token])

/** A key by both of its names: `keys create` and `server create-key`, and so on. */
const names = [
  { create: ["keys", "create"], list: ["keys"], revoke: ["keys", "revoke"] },
  { create: ["server", "create-key"], list: ["server", "keys"], revoke: ["server", "revoke-key"] },
] as const

describe.each(names)("fazt $create", ({ create, list, revoke }) => {
  it("makes a key that is shown once, lists it, and ends it", async () => {
    const made = await run(...create, "--name", "ci", "--scopes", "read,logs", "--sites", "root,shop", "--expires", "4w")
    const [, id] = /^fazt_([a-z0-9]{12})_\S{43}\n$/.exec(made.stdout)!
    expect([made.code, made.stderr]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^Key ${id} for ci \\(read, logs, for root, shop, until \\d{4}-`)),
    ])
    const token = made.stdout.trim()
    expect((await byKey(token, "sites", "--json")).json.map(({ site }: { readonly site: string }) => site)).toEqual(["root"])

    const listed = await run(...list)
    expect(listed.stdout).toMatch(/^ID +NAME +SCOPES +SITES +BY +CREATED +USED +ENDS\n/)
    expect(listed.stdout).toMatch(new RegExp(`\n${id} +ci +read, logs +root, shop +owner +just now +\\S.* +\\d{4}-\\d\\d-\\d\\d`))
    expect(listed.stdout).not.toContain(token)
    expect(await run(...revoke, id!)).toMatchObject({ code: 0, stdout: `✓ key ${id} no longer works\n` })
    expect((await byKey(token, "sites")).code).toBe(4)
    expect((await run(...list)).stdout).toMatch(new RegExp(`\n${id} .* revoked just now\n`))
  })

  it("answers programs in JSON", async () => {
    const { json } = await run(...create, "--name", "robot", "--json")
    expect(json).toMatchObject({ name: "robot", scopes: ["deploy"], sites: null, expires_at: null, token: expect.stringMatching(/^fazt_/) })
    expect((await run(...list, "--json")).json.find(({ id }: { readonly id: string }) => id === json.id)).toMatchObject({ name: "robot" })
    expect((await run(...revoke, json.id, "--json")).json).toMatchObject({ id: json.id })
  })

  it.each<[ReadonlyArray<string>, number, string]>([
    [[], 2, "the option --name is missing"],
    [["--name", "x".repeat(65)], 2, "--name must have 1 to 64 characters"],
    [["--name", "x", "--scopes", "king"], 2, "there is no scope 'king': use read, deploy"],
    [["--name", "x", "--expires", "12h"], 2, "--expires is a number of days or weeks such as 30d or 12w"],
    [["--name", "x", "--expires", "9999w"], 1, "expires_in_days"],
  ])("refuses %j", async (args, code, says) => {
    const refused = await run(...create, ...args)
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([code, "", expect.stringContaining(says)])
  })
})

describe("fazt keys", () => {
  it("shows one key", async () => {
    const { json } = await run("keys", "create", "--name", "one", "--scopes", "metrics", "--json")
    expect((await run("keys", "show", json.id)).stdout).toMatch(
      /^Key +\S+\nName +one\nScopes +metrics\nSites +all\nMade by +owner\nMade +\S.*\nUsed +never\nEnds +never\n$/,
    )
    expect((await run("keys", "show", json.id, "--json")).json).toMatchObject({ id: json.id, name: "one" })
    expect(await run("keys", "show", "nothere")).toMatchObject({ code: 3, stdout: "" })
    expect((await run("keys", "revoke", "nothere")).code).toBe(3)
  })

  it("lists more keys than one answer has", async () => {
    const { total } = await fill(120)
    expect((await run("keys", "--json")).json).toHaveLength(total)
    const few = await run("keys", "-n", "3")
    expect(few.stdout.split("\n")).toHaveLength(1 + 3 + 1 + 1)
    expect(few.stdout).toContain(`${total - 3} more`)
  })

  it("does not let a key make one that may more", async () => {
    const { json } = await run("keys", "create", "--name", "small", "--scopes", "deploy", "--json")
    const refused = await byKey(json.token, "keys", "create", "--name", "large", "--scopes", "admin")
    expect([refused.code, refused.stdout]).toEqual([4, ""])
    expect(refused.stderr).toContain("hint: make a key that may do this with `fazt keys create")
  })
})

const fill = async (count: number): Promise<{ readonly total: number }> => {
  for (let i = 0; i < count; i++) await server.key("read")
  return { total: JSON.parse((await runVerb(["keys", "--json", "--db", server.db])).stdout).length }
}
