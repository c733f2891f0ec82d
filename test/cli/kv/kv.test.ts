import { describe, expect, it } from "vitest"
import { ownCartridge } from "../ownCartridge.ts"
import { runVerb } from "../runVerb.ts"

const { db } = ownCartridge()

const kv = (...args: ReadonlyArray<string>) => runVerb(["kv", ...args, "--db", db])

describe("fazt kv", () => {
  it("sets, gets, lists and deletes keys, and shows what they have been", async () => {
    expect(await kv("set", "root", "visits", "7")).toMatchObject({ code: 0, stdout: "✓ visits of root is set (1 B, version 1)\n" })
    expect(await kv("set", "root", "visits", "a\nb", "--ttl", "2h")).toMatchObject({ code: 0 })
    expect((await kv("get", "root", "visits")).stdout).toBe("a\nb\n")
    expect((await kv("get", "root", "visits", "--at", "1")).stdout).toBe("7\n")
    expect((await kv("get", "root", "visits", "--json")).json).toMatchObject({ value: "a\nb", version: 2 })
    expect((await kv("list", "root")).stdout).toMatch(/^KEY +SIZE +VERSION +SET +EXPIRES\nvisits +6 B +2 +just now +\d{4}-/)
    expect((await kv("delete", "root", "visits")).stdout).toBe("✓ visits of root is deleted\n")
    expect((await kv("list", "root")).stdout).toBe("root has no such keys.\n")
    const { stdout } = await kv("history", "root", "visits")
    expect(stdout.split("\n").map((line) => line.trim().split(/ {2,}/).at(-1))).toEqual(["VALUE", "deleted", "a\\u000ab", "7", ""])
  })

  it("says what is wrong", async () => {
    expect(await kv("get", "root", "nothing")).toMatchObject({ code: 3, stdout: "", stderr: 'error: root has no key "nothing".\n' })
    expect((await kv("set", "root", "x", "1", "--ttl", "soon")).stderr).toContain("--ttl is a time such as 90s, 15m, 2h or 7d")
  })
})
