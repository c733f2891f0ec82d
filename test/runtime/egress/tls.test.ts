import { getCACertificates, setDefaultCACertificates, type TlsOptions } from "node:tls"
import { afterEach, expect, it } from "vitest"
import { selfSigned } from "./certificate.ts"
import { failure, startHost, testNet, textOf } from "./servers.ts"

const trusted = getCACertificates("default")
afterEach(() => setDefaultCACertificates(trusted))

const withServer = async (tls: TlsOptions, name: string, use: (call: ReturnType<typeof testNet>["call"], url: string) => Promise<void>) => {
  const host = await startHost(
    (req, res) => (req.url === "/down" ? res.writeHead(302, { location: "http://tls.example/" }).end() : res.end("hello")),
    {
      tls: { ...selfSigned, ...tls },
    },
  )
  const net = testNet(() => [host.port])
  await use(net.call, `https://${name}:${host.port}/`)
  await net.close()
  await host.stop()
}

it("a certificate that nobody vouches for is refused", () =>
  withServer({}, "tls.example", async (call, url) => {
    const failed = await failure(call({ url }))
    expect(failed).toMatchObject({ name: "TypeError", code: "NET_ERROR" })
    expect(failed.message).toMatch(/certificate of tls\.example:\d+ is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
  }))

it("a certificate that is trusted is accepted", () => {
  setDefaultCACertificates([...trusted, selfSigned.cert])
  return withServer({}, "tls.example", async (call, url) => expect(textOf(await call({ url }))).toBe("hello"))
})

it("a certificate for another name is refused", () => {
  setDefaultCACertificates([...trusted, selfSigned.cert])
  return withServer({}, "other.example", async (call, url) =>
    expect((await failure(call({ url }))).message).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/),
  )
})

it("a certificate is no good for the bare address", () => {
  setDefaultCACertificates([...trusted, selfSigned.cert])
  return withServer({}, "127.0.0.1", async (call, url) =>
    expect((await failure(call({ url }))).message).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/),
  )
})

it("TLS before 1.2 is refused", () => {
  setDefaultCACertificates([...trusted, selfSigned.cert])
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const
  return withServer(old, "tls.example", async (call, url) => expect((await failure(call({ url }))).message).toMatch(/TLS 1\.2 or later/))
})

it("a redirect from https to http is not followed", () => {
  setDefaultCACertificates([...trusted, selfSigned.cert])
  return withServer({}, "tls.example", async (call, url) =>
    expect(await failure(call({ url: `${url}down` }))).toMatchObject({
      code: "NET_BLOCKED",
      message: expect.stringContaining("from https: to http:"),
    }),
  )
})
