import { existsSync } from "node:fs"
import { join } from "node:path"
import { hashSync } from "bcryptjs"
import { describe, expect, it } from "vitest"
import { query } from "../../support/api.ts"
import { logIn } from "../../support/people.ts"
import { owner, startServer } from "../../support/server.ts"
import { type Around, runVerb } from "../runVerb.ts"
import { tree } from "../tree.ts"

const init = (db: string, args: ReadonlyArray<string>, around?: Around) => runVerb(["server", "init", "--db", db, ...args], around)

describe("fazt server init", () => {
  it("makes up a password, and prints it once", async () => {
    const db = join(tree(), "data.db")
    const { code, stdout } = await init(db, [])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Username +admin\n +Password +(\w{6}-){3}\w{6}\n +API key +fazt_/)])
    expect((await init(db, [])).stderr).toContain("exists already")
  })

  it("takes a password that is given, and prints none", async () => {
    const db = join(tree(), "data.db")
    const { code, json } = await init(db, ["--password-stdin", "--username", "me", "--json"], { stdin: "rain on the roof\n" })
    expect([code, json]).toEqual([0, { db, username: "me", token: expect.stringMatching(/^fazt_/) }])
    const server = await startServer({ db })
    try {
      expect((await logIn(server, "me", "rain on the roof")).id).toBe("owner")
    } finally {
      await server.stop()
    }
  })

  it("takes over the hash that a Go server kept, which the first login replaces", async () => {
    const db = join(tree(), "data.db")
    const made = await init(db, ["--username", "me", "--password-hash", hashSync("old habits", 4)])
    expect([made.code, made.stdout]).toEqual([0, expect.not.stringContaining("Password")])
    const server = await startServer({ db })
    try {
      for (let i = 0; i < 2; i++) expect((await logIn(server, "me", "old habits")).id).toBe("owner")
      expect(query(server, "SELECT seq FROM events WHERE type = 'v1.PasswordRehashed'")).toHaveLength(1)
    } finally {
      await server.stop()
    }
  })

  it("takes over a hash of this server's own form", async () => {
    expect((await init(join(tree(), "data.db"), ["--password-hash", owner.hash])).code).toBe(0)
  })

  it.each<[ReadonlyArray<string>, number, string]>([
    [["--password", "hunter2"], 1, "A password has at least 8 characters."],
    [["--username", "zebrafinch", "--password", "Zebrafinch1"], 1, "almost the user name"],
    [["--password-hash", "hunter2hunter2"], 1, "no password hash of a known form"],
    [["--password", "rain on the roof", "--password-stdin"], 2, "the password can come from one place only"],
    [["--username", "two words"], 1, "two words"],
    [["--domain", "no domain"], 1, "server.domain"],
  ])("makes nothing for %j", async (args, code, says) => {
    const db = join(tree(), "data.db")
    const refused = await init(db, args)
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(says)])
    for (const secret of ["hunter2", "Zebrafinch1", "rain"]) expect(refused.stdout + refused.stderr).not.toContain(secret)
    expect(existsSync(db)).toBe(false)
  })
})
