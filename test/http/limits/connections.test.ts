import { EventEmitter } from "node:events"
import type { Socket } from "node:net"
import { describe, expect, it } from "vitest"
import { trustedProxies } from "../../../src/http/clientOf.ts"
import { type ConnectionLimits, connectionGate } from "../../../src/http/limits/connections.ts"

const from = (remoteAddress: string | undefined): Socket => Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket

const gateWith = (limits: Partial<ConnectionLimits>) => {
  const all = { trusted: trustedProxies("10.0.0.0/8"), connections: 100, addressConnections: 3, ...limits }
  return connectionGate(() => all)
}

/** How many of so many connections are let in. */
const admitted = (gate: ReturnType<typeof connectionGate>, address: string | undefined, count: number): number =>
  Array.from({ length: count }, () => gate.admits(from(address))).filter((isIn) => isIn).length

describe("connections from one address", () => {
  for (const [address, others] of [
    ["192.0.2.7", "192.0.2.8"],
    ["::ffff:192.0.2.7", "192.0.2.8"],
    ["2001:db8:1:2::1", "2001:db8:1:3::1"],
    [undefined, "192.0.2.8"],
  ] as const)
    it(`are counted: ${address}`, () => {
      const gate = gateWith({})
      expect(admitted(gate, address, 10)).toBe(3)
      expect(admitted(gate, others, 10)).toBe(3)
      expect(gate.stats()).toEqual({ open: 6, refused: { server: 0, address: 14 } })
    })

  it("are counted together within an IPv6 network, however an address is written", () => {
    const gate = gateWith({})
    expect(["2001:db8::1", "2001:db8:0:0:ffff::", "2001:db8:0:0:1::", "2001:db8::2"].map((address) => gate.admits(from(address)))).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(["1.2.3.4", "::ffff:1.2.3.4", "::ffff:102:304", "1.2.3.4"].map((address) => gate.admits(from(address)))).toEqual([
      true,
      true,
      true,
      false,
    ])
  })

  for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"])
    it(`are as many as they like where a proxy may be: ${address}`, () => expect(admitted(gateWith({}), address, 50)).toBe(50))

  it("are let in again when others have gone", () => {
    const gate = gateWith({})
    const sockets = Array.from({ length: 3 }, () => from("192.0.2.7"))
    expect(sockets.map(gate.admits)).toEqual([true, true, true])
    const refused = from("192.0.2.7")
    expect(gate.admits(refused)).toBe(false)
    // One that was not let in does not count when it goes.
    refused.emit("close")
    expect(gate.admits(from("192.0.2.7"))).toBe(false)
    sockets[1]!.emit("close")
    expect([gate.admits(from("192.0.2.7")), gate.admits(from("192.0.2.7"))]).toEqual([true, false])
    for (const socket of sockets) socket.emit("close")
    expect(gate.stats().open).toBe(1)
  })

  it("are not counted where there is no limit", () => expect(admitted(gateWith({ addressConnections: 0 }), "192.0.2.7", 50)).toBe(50))
})

describe("all connections together", () => {
  it("are counted, those of proxies and of this machine too", () => {
    const gate = gateWith({ connections: 10, addressConnections: 0 })
    expect(admitted(gate, "127.0.0.1", 4) + admitted(gate, "10.0.0.1", 4) + admitted(gate, "192.0.2.7", 4)).toBe(10)
    expect(gate.stats()).toEqual({ open: 10, refused: { server: 2, address: 0 } })
  })

  it("are as many as there come where there is no limit", () =>
    expect(admitted(gateWith({ connections: 0, addressConnections: 0 }), "192.0.2.7", 500)).toBe(500))
})
