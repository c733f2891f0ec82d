import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { type ConfigCommand, configDecider, isSettingKey, settings } from "../../src/commands/config.ts"
import type { ConfigEvent } from "../../src/events/config.ts"

const set = (key: string, value: string): ConfigCommand => ({ _tag: "SetConfig", key, value })
const unset = (key: string): ConfigCommand => ({ _tag: "UnsetConfig", key })
const wasSet = (key: string, value: string): ConfigEvent => ({ type: "v1.ConfigSet", data: { key, value } })

const decide = (given: ReadonlyArray<ConfigEvent>, when: ConfigCommand) =>
  configDecider.decide(when, given.reduce(configDecider.evolve, configDecider.initial))

const key = "limits.deploys_per_minute"

describe("a setting", () => {
  it("is set", () => expect(decide([], set(key, "5"))).toEqual(Either.right([wasSet(key, "5")])))
  it("is not set again to the value it has", () => expect(decide([wasSet(key, "5")], set(key, "5"))).toEqual(Either.right([])))
  it("is unset", () => expect(decide([wasSet(key, "5")], unset(key))).toEqual(Either.right([{ type: "v1.ConfigUnset", data: { key } }])))
  it("is not unset when it was never set", () => expect(decide([], unset(key))).toEqual(Either.right([])))
  it("can be set again after it was unset", () =>
    expect(decide([wasSet(key, "5"), { type: "v1.ConfigUnset", data: { key } }], set(key, "5"))).toEqual(Either.right([wasSet(key, "5")])))

  for (const unknown of ["", "nope", "__proto__", "constructor", "limits"]) {
    it(`has to be one there is, unlike ${JSON.stringify(unknown)}`, () => {
      expect(decide([], set(unknown, "1"))).toMatchObject({ left: { _tag: "UnknownSetting" } })
      expect(decide([], unset(unknown))).toMatchObject({ left: { _tag: "UnknownSetting" } })
    })
  }

  for (const [name, value] of [
    ["server.port", "-1"],
    ["server.port", "65536"],
    ["server.port", "1e3"],
    ["server.port", ""],
    ["server.domain", "http://x"],
    ["server.domain", "EXAMPLE.com"],
    ["server.domain", "a..b"],
    ["server.domain", "x:80"],
    ["limits.deploys_per_minute", "1.5"],
    ["limits.file_bytes", "0"],
  ] as const) {
    it(`refuses ${name} = ${JSON.stringify(value)} and says why`, () =>
      expect(decide([], set(name, value))).toMatchObject({ left: { _tag: "InvalidSetting", key: name } }))
  }

  it("has a default that it would accept itself", () => {
    for (const name of Object.keys(settings).filter(isSettingKey))
      expect(settings[name].problem(settings[name].default), name).toBeUndefined()
  })
})
