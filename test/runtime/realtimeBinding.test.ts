import { describe, expect, it } from "vitest"
import { realtimeBinding } from "../../src/runtime/bindings/realtime.ts"
import type { Broadcast, HostFunction, Invocation, Kick } from "../../src/runtime/host.ts"

const run = () => {
  const sent: Array<Broadcast | Kick> = []
  const invocation = {
    live: (message: Broadcast | Kick) => void sent.push(message),
    subscribers: (channel: string) => (channel === "" ? 7 : channel === "news" ? 3 : undefined),
  } as unknown as Invocation
  const table = realtimeBinding(() => invocation)
  const call = (name: string, ...args: ReadonlyArray<string | number>): unknown =>
    (table[name] as HostFunction & { readonly run: (...args: ReadonlyArray<string | number>) => unknown }).run(...args)
  return { call, sent }
}

describe("server code", () => {
  it("sends to a channel or to all", () => {
    const { call, sent } = run()
    call("live.broadcast", "news", 0, '{"a":1}')
    call("live.broadcast", "", 1, '"x"')
    call("live.kick", "someone")
    expect(sent).toEqual([
      { kind: "broadcast", channel: "news", data: '{"a":1}' },
      { kind: "broadcast", channel: undefined, data: '"x"' },
      { kind: "kick", client: "someone" },
    ])
  })

  it("counts clients", () => {
    const { call } = run()
    expect(["", "news", "none"].map((channel) => call("live.count", channel))).toEqual([7, 3, 0])
  })

  it("sends no message over 64 KiB", () => {
    const { call, sent } = run()
    call("live.broadcast", "news", 0, JSON.stringify("x".repeat(65_534)))
    expect(() => call("live.broadcast", "news", 0, JSON.stringify("x".repeat(65_535)))).toThrow(/at most 65536/)
    expect(() => call("live.broadcast", "news", 0, JSON.stringify("é".repeat(40_000)))).toThrow(/at most 65536/)
    expect(sent.length).toBe(1)
  })

  it("sends at most 1000 messages in one request", () => {
    const { call, sent } = run()
    for (let i = 0; i < 999; i++) call("live.broadcast", "news", 0, "1")
    call("live.kick", "someone")
    expect(() => call("live.broadcast", "news", 0, "1")).toThrow(/at most 1000 messages/)
    expect(sent.length).toBe(1000)
    run().call("live.broadcast", "news", 0, "1")
  })

  for (const channel of ["", "a".repeat(129), "a\nb", "a\u0000"])
    it(`cannot name a channel ${JSON.stringify(channel.slice(0, 10))}`, () => {
      expect(() => run().call("live.broadcast", channel, 0, "1")).toThrow(/A channel is a string/)
    })
})
