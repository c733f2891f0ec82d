import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { type ConfigCommand, configDecider, isSettingKey, mostCustomSettings, settings } from "../../src/commands/config.ts"
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

  it("that cannot be names the field that is wrong", () => {
    const key = "one of server.domain, "
    expect(decide([], unset("nope"))).toMatchObject({
      left: { details: { issues: [{ field: "key", constraint: expect.stringContaining(key) }] } },
    })
    const value = "use a whole number from 0 to 65535."
    expect(decide([], set("server.port", "x"))).toMatchObject({ left: { details: { issues: [{ field: "value", constraint: value }] } } })
  })

  for (const [name, value] of [
    ["server.port", "-1"],
    ["server.port", "65536"],
    ["server.port", "1e3"],
    ["server.port", ""],
    ["server.domain", "http://x"],
    ["server.domain", "EXAMPLE.com"],
    ["server.domain", "a..b"],
    ["server.domain", "x:80"],
    ["server.trusted_proxies", "proxy.example.com"],
    ["server.trusted_proxies", "10.0.0.0/33"],
    ["server.trusted_proxies", "10.0.0.0/"],
    ["server.trusted_proxies", "10.0.0/8"],
    ["server.trusted_proxies", "10.0.0.0/08"],
    ["server.trusted_proxies", "10.0.0.0/-1"],
    ["server.trusted_proxies", "2001:db8::/129"],
    ["server.trusted_proxies", "fe80::1%eth0"],
    ["server.trusted_proxies", "10.0.0.1,"],
    ["server.trusted_proxies", "10.0.0.1 10.0.0.2"],
    ["server.trusted_proxies", "10.0.0.1:80"],
    ["server.trusted_proxies", "[::1]"],
    ["server.trusted_proxies", "*"],
    ["limits.slow_body_seconds", "0"],
    ["limits.deploys_per_minute", "1.5"],
    ["limits.file_bytes", "0"],
  ] as const) {
    it(`refuses ${name} = ${JSON.stringify(value)} and says why`, () =>
      expect(decide([], set(name, value))).toMatchObject({ left: { _tag: "InvalidSetting", key: name } }))
  }

  for (const proxies of ["loopback", "10.0.0.0/8, 192.0.2.1", "2001:db8::/32,::1", "0.0.0.0/0,::/0", "loopback , fd00::1"]) {
    it(`takes the proxies ${proxies}`, () =>
      expect(decide([], set("server.trusted_proxies", proxies))).toEqual(Either.right([wasSet("server.trusted_proxies", proxies)])))
  }

  it("has a default that it would accept itself", () => {
    for (const name of Object.keys(settings).filter(isSettingKey))
      expect(settings[name].problem(settings[name].default), name).toBeUndefined()
  })
})

describe("a setting of the owner's own", () => {
  const custom = "custom.shop.currency"
  const full = Array.from({ length: mostCustomSettings }, (_, n) => wasSet(`custom.n${n}`, "x"))

  it("is set to any text, and unset", () => {
    expect(decide([], set(custom, "CHF\n☂"))).toEqual(Either.right([wasSet(custom, "CHF\n☂")]))
    expect(decide([wasSet(custom, "CHF")], set(custom, "CHF"))).toEqual(Either.right([]))
    expect(decide([wasSet(custom, "CHF")], unset(custom))).toEqual(Either.right([{ type: "v1.ConfigUnset", data: { key: custom } }]))
    expect(decide([], unset(custom))).toEqual(Either.right([]))
  })

  for (const name of [
    "custom",
    "custom.",
    "custom.A",
    "custom..a",
    "custom.a.",
    "custom.-a",
    "custom.a b",
    "custom.a/b",
    "Custom.a",
    "xcustom.a",
    `custom.${"a".repeat(94)}`,
  ]) {
    it(`cannot be called ${JSON.stringify(name.slice(0, 20))}`, () =>
      expect(decide([], set(name, "1"))).toMatchObject({ left: { _tag: "UnknownSetting" } }))
  }
  for (const name of ["custom.a", "custom.a-b_c.d0", `custom.${"a".repeat(93)}`]) {
    it(`can be called ${name.slice(0, 20)}`, () => expect(decide([], set(name, ""))).toEqual(Either.right([wasSet(name, "")])))
  }

  it("has at most 4 KiB", () => {
    expect(decide([], set(custom, "x".repeat(4096)))).toMatchObject({ right: [{}] })
    expect(decide([], set(custom, "ü".repeat(2049)))).toMatchObject({ left: { _tag: "InvalidSetting", key: custom } })
  })

  it("is one of a thousand at most, of which each can still be changed", () => {
    expect(decide(full, set(custom, "1"))).toMatchObject({ left: { _tag: "InvalidSetting", reason: expect.stringContaining("1000") } })
    expect(decide(full, set("custom.n7", "2"))).toEqual(Either.right([wasSet("custom.n7", "2")]))
    expect(decide([...full.slice(1), wasSet(key, "5")], set(custom, "1"))).toMatchObject({ right: [{}] })
  })
})
