import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startServer, type TestServer } from "../../support/server.ts"
import { runVerb } from "../runVerb.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const cors = (...args: ReadonlyArray<string>) => runVerb(["cors", ...args, "--db", server.db])

describe("fazt cors", () => {
  it("opens a site's code to other origins, shows it, and closes it again", async () => {
    const closed = "No pages of other origins may call the code of root.\n"
    expect(await cors("show", "root")).toMatchObject({ code: 0, stdout: closed })
    const set = await cors(
      "set",
      "root",
      "https://app.example.com",
      "http://localhost:3000",
      "--methods",
      "GET,POST",
      "--credentials",
      "--max-age",
      "2h",
    )
    expect([set.code, set.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^Origins +https:\/\/app.example.com, http:\/\/localhost:3000\nMethods +GET, POST\nHeaders +whatever .*\nCookies +are sent along\nRelied on for +2 h 0 min\n$/,
      ),
    ])
    expect((await cors("show", "root", "--json")).json).toEqual({
      origins: ["https://app.example.com", "http://localhost:3000"],
      methods: ["GET", "POST"],
      headers: null,
      credentials: true,
      max_age: 7200,
    })
    expect((await cors("set", "root", "*", "--headers", "X-Token", "--json")).json).toMatchObject({
      origins: ["*"],
      methods: null,
      headers: ["X-Token"],
    })
    expect(await cors("unset", "root")).toMatchObject({ code: 0, stdout: "✓ no pages of other origins may call the code of root\n" })
    expect((await cors("show", "root")).stdout).toBe(closed)
  })

  it.each<[ReadonlyArray<string>, number, string]>([
    [["set", "root"], 2, "origin"],
    [["set", "root", "app.example.com"], 1, "no origin"],
    [["set", "root", "*", "--credentials"], 1, "Credentials"],
    [["set", "root", "*", "--max-age", "100ms"], 2, "--max-age is a time"],
    [["show", "nowhere"], 3, "nowhere"],
    [["unset", "nowhere"], 3, "nowhere"],
  ])("refuses %j", async (args, code, says) => {
    const refused = await cors(...args)
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([code, "", expect.stringContaining(says)])
  })
})
