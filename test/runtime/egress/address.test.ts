import { networkInterfaces } from "node:os"
import { describe, expect, it } from "vitest"
import { isOwnAddress, isPublicAddress } from "../../../src/runtime/egress/address.ts"

describe("an address is not public", () => {
  for (const [address, why] of [
    ["0.0.0.0", "this network"],
    ["0.255.255.255", "this network, last"],
    ["10.0.0.0", "private"],
    ["10.255.255.255", "private, last"],
    ["100.64.0.0", "carrier NAT"],
    ["100.100.100.200", "Alibaba's metadata"],
    ["100.127.255.255", "carrier NAT, last"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback, last"],
    ["168.63.129.16", "Azure's agent"],
    ["169.254.0.0", "link-local"],
    ["169.254.169.254", "metadata"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private, last"],
    ["192.0.0.192", "Oracle's metadata"],
    ["192.0.2.1", "documentation"],
    ["192.88.99.1", "6to4 relay"],
    ["192.168.0.1", "private"],
    ["198.18.0.1", "benchmark"],
    ["198.19.255.255", "benchmark, last"],
    ["198.51.100.1", "documentation"],
    ["203.0.113.1", "documentation"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.255", "multicast, last"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::127.0.0.1", "IPv4-compatible"],
    ["::7f00:1", "IPv4-compatible in hexadecimal"],
    ["::8.8.8.8", "IPv4-compatible of a public one"],
    ["::ffff:127.0.0.1", "IPv4-mapped"],
    ["::ffff:7f00:1", "IPv4-mapped in hexadecimal"],
    ["::ffff:8.8.8.8", "IPv4-mapped of a public one"],
    ["::ffff:0:127.0.0.1", "IPv4-translated"],
    ["0:0:0:0:0:ffff:a9fe:a9fe", "IPv4-mapped, written out"],
    ["64:ff9b::127.0.0.1", "NAT64 of the loopback"],
    ["64:ff9b::a9fe:a9fe", "NAT64 of the metadata"],
    ["64:ff9b::a00:1", "NAT64 of 10.0.0.1"],
    ["64:ff9b::", "NAT64 of 0.0.0.0"],
    ["64:ff9b::1", "NAT64 of 0.0.0.1"],
    ["64:ff9b:1::8.8.8.8", "local NAT64"],
    ["64:ff9b:1:ffff::1", "local NAT64"],
    ["100::1", "discard"],
    ["2001::1", "Teredo"],
    ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"],
    ["2001:2::1", "benchmark"],
    ["2001:10::1", "ORCHID"],
    ["2001:20::1", "ORCHIDv2"],
    ["2001:db8::1", "documentation"],
    ["2002:7f00:1::", "6to4 of the loopback"],
    ["2002:a9fe:a9fe::1", "6to4 of the metadata"],
    ["2002:808:808::1", "6to4"],
    ["3ffe::1", "6bone"],
    ["3fff::1", "documentation"],
    ["4000::1", "not given out"],
    ["5f00::1", "segment routing"],
    ["fc00::1", "unique local"],
    ["fd00:ec2::254", "AWS's metadata"],
    ["fdff::1", "unique local, last"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "link-local with a zone"],
    ["2606:4700::1%eth0", "a zone"],
    ["febf::1", "link-local, last"],
    ["fec0::1", "site-local"],
    ["ff02::1", "multicast"],
    ["", "nothing"],
    ["127.1", "not canonical"],
    ["0x7f000001", "not canonical"],
    ["8.8.8.8 ", "not canonical"],
    ["example.com", "a name"],
  ] as const)
    it(`${JSON.stringify(address)}: ${why}`, () => expect(isPublicAddress(address)).toBe(false))
})

describe("an address is public", () => {
  for (const address of [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "64:ff9b::8.8.8.8",
    "64:ff9b::808:808",
  ])
    it(address, () => expect(isPublicAddress(address)).toBe(true))
})

it("every address of this machine is known as its own", () => {
  const all = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  expect(all.length).toBeGreaterThan(0)
  for (const address of all) expect(isOwnAddress(address), address).toBe(true)
  expect(isOwnAddress("1.1.1.1")).toBe(false)
  expect(isOwnAddress("2606:4700:4700::1111")).toBe(false)
})
