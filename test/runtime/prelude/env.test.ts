import { beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { Env } from "../../../src/runtime/prelude/env.ts"
import { installCalls } from "../../support/guest.ts"

/** What the host answers, and how often it was asked. */
let variables: Record<string, string> = {}
let asked = 0

let env: Env
let beginRequest: () => void
beforeAll(async () => {
  installCalls(["env.all"], () => {
    asked++
    return JSON.stringify(variables)
  })
  const prelude = await import("../../../src/runtime/prelude/env.ts")
  env = prelude.makeEnv()
  beginRequest = prelude.beginRequest
})

describe("while the memory image is made", () => {
  it("there are no variables, and the host is not asked for any", () => {
    variables = { SECRET: "s3cret" }
    expect([env.get("SECRET"), env.has("SECRET"), { ...env.process.env }, "SECRET" in env.process.env]).toEqual([
      undefined,
      false,
      {},
      false,
    ])
    env.process.env["NODE_ENV"] ??= "production"
    expect(env.process.env["NODE_ENV"]).toBe("production")
    expect(asked).toBe(0)
  })
})

describe("in a request", () => {
  beforeEach(() => {
    variables = { API_KEY: "k", EMPTY: "", TEXT: "two\nlines \0 🚀" }
    asked = 0
    beginRequest()
  })

  it("the host is asked once, and only if the code asks", () => {
    expect(asked).toBe(0)
    env.get("API_KEY")
    env.has("API_KEY")
    void env.process.env["API_KEY"]
    expect(asked).toBe(1)
  })

  it("variables are read by name, whatever their values are", () => {
    expect([env.get("API_KEY"), env.get("EMPTY"), env.get("TEXT"), env.get("NONE")]).toEqual(["k", "", "two\nlines \0 🚀", undefined])
    expect([env.has("API_KEY"), env.has("EMPTY"), env.has("NONE")]).toEqual([true, true, false])
  })

  it.each(["constructor", "__proto__", "toString"])("%s is none", (name) => {
    expect([env.get(name), env.has(name), name in env.process.env]).toEqual([undefined, false, false])
  })

  it("process.env looks like an object with all of them", () => {
    expect({ ...env.process.env }).toEqual({ ...variables, NODE_ENV: "production" })
    expect(Object.keys(env.process.env).sort()).toEqual(["API_KEY", "EMPTY", "NODE_ENV", "TEXT"])
    expect(JSON.parse(JSON.stringify(env.process.env))).toEqual({ ...variables, NODE_ENV: "production" })
    const { API_KEY, ...rest } = env.process.env
    expect([API_KEY, Object.keys(rest).length]).toEqual(["k", 3])
  })

  it("what is assigned to process.env is text, and is gone with the request", () => {
    const kept = env.process.env
    ;(kept as Record<string, unknown>)["NEW"] = 5
    kept["API_KEY"] = "other"
    delete kept["EMPTY"]
    Object.defineProperty(kept, "DEFINED", { value: true, configurable: true })
    expect({ ...kept }).toEqual({ API_KEY: "other", TEXT: variables["TEXT"], NODE_ENV: "production", NEW: "5", DEFINED: "true" })
    expect(env.get("API_KEY")).toBe("k")

    variables = { API_KEY: "of the next request" }
    beginRequest()
    expect({ ...kept }).toEqual({ API_KEY: "of the next request", NODE_ENV: "production" })
    expect(env.get("API_KEY")).toBe("of the next request")
  })

  it("nobody can freeze process.env for those who come after", () => {
    expect(() => Object.freeze(env.process.env)).toThrow(TypeError)
    expect(() => Object.setPrototypeOf(env.process.env, {})).toThrow(TypeError)
  })
})
