import { describe, expect, it } from "vitest"
import { isPublicAddress } from "../../../src/runtime/egress/address.ts"
import { addressIn, targetOf } from "../../../src/runtime/egress/target.ts"

const outcome = (url: string, hosts: ReadonlyArray<string> = []): string => {
  try {
    const target = targetOf(url, undefined, hosts)
    const address = addressIn(target.hostname)
    return address !== undefined && !isPublicAddress(address) ? `private ${address}` : target.href
  } catch (error) {
    return (error as { readonly code?: string }).code ?? (error as Error).name
  }
}

describe("a URL is read as browsers read it, and refused for what it then is", () => {
  for (const [url, result] of [
    // The loopback in every notation there is.
    ["http://127.0.0.1/", "private 127.0.0.1"],
    ["http://127.1/", "private 127.0.0.1"],
    ["http://127.0.1/", "private 127.0.0.1"],
    ["http://2130706433/", "private 127.0.0.1"],
    ["http://017700000001/", "private 127.0.0.1"],
    ["http://0177.0.0.1/", "private 127.0.0.1"],
    ["http://0177.0.0.01/", "private 127.0.0.1"],
    ["http://0x7f.0.0.1/", "private 127.0.0.1"],
    ["http://0x7f000001/", "private 127.0.0.1"],
    ["http://0X7F.1/", "private 127.0.0.1"],
    ["http://127.0.0.1./", "private 127.0.0.1"],
    ["http://0/", "private 0.0.0.0"],
    ["http://0.0.0.0/", "private 0.0.0.0"],
    ["http://0x0/", "private 0.0.0.0"],
    ["http://%31%32%37.0.0.1/", "private 127.0.0.1"],
    ["http://１２７.０.０.１/", "private 127.0.0.1"],
    ["http://①②⑦.⓪.⓪.①/", "private 127.0.0.1"],
    ["http://127。0。0。1/", "private 127.0.0.1"],
    ["http://4294967296/", "TypeError"],
    ["http://256.1.1.1/", "TypeError"],
    ["http://1.2.3.4.5/", "TypeError"],
    ["http://0x100000000/", "TypeError"],
    // The metadata of clouds.
    ["http://169.254.169.254/latest/meta-data/", "private 169.254.169.254"],
    ["http://2852039166/", "private 169.254.169.254"],
    ["http://0xa9fea9fe/", "private 169.254.169.254"],
    ["http://0251.0376.0251.0376/", "private 169.254.169.254"],
    ["http://169.254.43518/", "private 169.254.169.254"],
    ["http://[::ffff:169.254.169.254]/", "private ::ffff:a9fe:a9fe"],
    ["http://[fd00:ec2::254]/", "private fd00:ec2::254"],
    ["http://metadata.google.internal/", "NET_BLOCKED"],
    // IPv6.
    ["http://[::]/", "private ::"],
    ["http://[::1]/", "private ::1"],
    ["http://[0:0:0:0:0:0:0:1]/", "private ::1"],
    ["http://[::127.0.0.1]/", "private ::7f00:1"],
    ["http://[::ffff:127.0.0.1]/", "private ::ffff:7f00:1"],
    ["http://[::ffff:7f00:1]/", "private ::ffff:7f00:1"],
    ["http://[::FFFF:7F00:0001]/", "private ::ffff:7f00:1"],
    ["http://[64:ff9b::7f00:1]/", "private 64:ff9b::7f00:1"],
    ["http://[2002:7f00:1::]/", "private 2002:7f00:1::"],
    ["http://[fe80::1]/", "private fe80::1"],
    ["http://[fe80::1%25eth0]/", "TypeError"],
    ["http://[::1/", "TypeError"],
    // Names that mean this machine or its network.
    ["http://localhost/", "NET_BLOCKED"],
    ["http://LOCALHOST/", "NET_BLOCKED"],
    ["http://localhost./", "NET_BLOCKED"],
    ["http://ｌｏｃａｌｈｏｓｔ/", "NET_BLOCKED"],
    ["http://loc%61lhost/", "NET_BLOCKED"],
    ["http://blog.localhost:4698/", "NET_BLOCKED"],
    ["http://printer.local/", "NET_BLOCKED"],
    ["http://printer.local./", "NET_BLOCKED"],
    ["http://db.internal/", "NET_BLOCKED"],
    ["http://router.home.arpa/", "NET_BLOCKED"],
    ["http://intranet/", "NET_BLOCKED"],
    ["http://com/", "NET_BLOCKED"],
    ["http://a..example/", "NET_BLOCKED"],
    ["http://a.example../", "NET_BLOCKED"],
    ["http://-a.example/", "NET_BLOCKED"],
    // Names that only look like it.
    ["http://127-my.example/", "http://127-my.example/"],
    ["http://127.0.0.1.nip.example/", "http://127.0.0.1.nip.example/"],
    ["http://localhost.example/", "http://localhost.example/"],
    ["http://mylocalhost.example/", "http://mylocalhost.example/"],
    ["http://internal.example/", "http://internal.example/"],
    ["http://0x7f.example/", "http://0x7f.example/"],
    ["http://my_service.example/", "http://my_service.example/"],
    ["http://8.8.8.8/", "http://8.8.8.8/"],
    ["http://[2606:4700:4700::1111]/", "http://[2606:4700:4700::1111]/"],
    // Users and passwords, and what is taken for them.
    ["http://user@good.example/", "NET_BLOCKED"],
    ["http://user:pass@good.example/", "NET_BLOCKED"],
    ["http://:pass@good.example/", "NET_BLOCKED"],
    ["http://good.example@127.0.0.1/", "NET_BLOCKED"],
    ["http://good.example:80@127.0.0.1:80/", "NET_BLOCKED"],
    ["http://127.0.0.1@good.example/", "NET_BLOCKED"],
    ["http://@127.0.0.1/", "private 127.0.0.1"],
    ["http://good.example%40127.0.0.1/", "TypeError"],
    // Where the host ends.
    ["http://good.example\\@127.0.0.1/", "http://good.example/@127.0.0.1/"],
    ["http://127.0.0.1\\@good.example/", "private 127.0.0.1"],
    ["http:\\\\127.0.0.1\\", "private 127.0.0.1"],
    ["http:/127.0.0.1/", "private 127.0.0.1"],
    ["http:127.0.0.1", "private 127.0.0.1"],
    ["http:////127.0.0.1/", "private 127.0.0.1"],
    ["http://127.0.0.1#@good.example/", "private 127.0.0.1"],
    ["http://127.0.0.1?@good.example/", "private 127.0.0.1"],
    ["http://good.example#@127.0.0.1/", "http://good.example/#@127.0.0.1/"],
    ["http://127.0\t.0.1/", "private 127.0.0.1"],
    ["http://127.0.\r\n0.1/", "private 127.0.0.1"],
    ["ht\ntp://127.0.0.1/", "private 127.0.0.1"],
    [" \u0000http://127.0.0.1/", "private 127.0.0.1"],
    ["http://good.example\u0000.127.0.0.1/", "TypeError"],
    ["http://good.example %0d%0aX: y/", "TypeError"],
    ["http://good.example/\r\nX-Injected: 1", "http://good.example/X-Injected:%201"],
    // Other schemes.
    ["ftp://good.example/", "NET_BLOCKED"],
    ["file:///etc/passwd", "NET_BLOCKED"],
    ["gopher://127.0.0.1:6379/_INFO", "NET_BLOCKED"],
    ["data:text/plain,hello", "NET_BLOCKED"],
    ["blob:http://good.example/1", "NET_BLOCKED"],
    ["javascript:alert(1)", "NET_BLOCKED"],
    ["ws://good.example/", "NET_BLOCKED"],
    ["dict://127.0.0.1:11211/", "NET_BLOCKED"],
    ["unix:/run/docker.sock", "NET_BLOCKED"],
    ["//good.example/", "TypeError"],
    ["/path", "TypeError"],
    ["good.example", "TypeError"],
    ["", "TypeError"],
    // Ports.
    ["http://good.example:22/", "NET_BLOCKED"],
    ["http://good.example:25/", "NET_BLOCKED"],
    ["https://good.example:6667/", "NET_BLOCKED"],
    ["http://good.example:0025/", "NET_BLOCKED"],
    ["http://good.example:65561/", "TypeError"],
    ["http://good.example:8080/", "http://good.example:8080/"],
    ["https://good.example:443/", "https://good.example/"],
    ["http://good.example:/", "http://good.example/"],
    // One form of each.
    ["HTTPS://Good.EXAMPLE./A", "https://good.example/A"],
    ["http://bücher.example/", "http://xn--bcher-kva.example/"],
    [`http://good.example/${"a".repeat(17_000)}`, "NET_SIZE"],
    [`http://${"a".repeat(64)}.example/`, "NET_BLOCKED"],
  ] as const)
    it(`${JSON.stringify(url.slice(0, 60))} → ${result}`, () => expect(outcome(url)).toBe(result))
})

describe("a site with a list of hosts may call", () => {
  for (const [entry, url, allowed] of [
    ["api.example", "http://api.example/", true],
    ["API.Example", "http://api.example/", true],
    ["api.example.", "http://api.example/", true],
    ["api.example", "http://API.EXAMPLE./", true],
    ["api.example", "http://v1.api.example/", false],
    ["api.example", "http://notapi.example/", false],
    ["api.example", "http://api.example.evil.example/", false],
    ["*.api.example", "http://v1.api.example/", true],
    ["*.api.example", "http://a.b.api.example/", true],
    ["*.api.example", "http://api.example/", false],
    ["*.api.example", "http://evilapi.example/", false],
    ["*.API.example.", "http://v1.api.example/", true],
    ["bücher.example", "http://xn--bcher-kva.example/", true],
    ["*.bücher.example", "http://a.BÜCHER.example/", true],
    ["8.8.8.8", "http://8.8.8.8/", true],
    ["8.8.8.8", "http://134744072/", true],
    ["8.8.8.8", "http://8.8.4.4/", false],
    ["*", "http://good.example/", false],
    ["*.", "http://good.example/", false],
    ["", "http://good.example/", false],
  ] as const)
    it(`${JSON.stringify(entry)} ${allowed ? "lets through" : "does not let through"} ${url}`, () =>
      expect(outcome(url, [entry]) !== "NET_BLOCKED").toBe(allowed))

  it("not a private host, though it is on the list", () => expect(outcome("http://localhost/", ["localhost"])).toBe("NET_BLOCKED"))
})
