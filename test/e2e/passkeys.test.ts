import { rmSync } from "node:fs"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, expect, it } from "vitest"
import { temporaryFolder } from "../support/cartridge.ts"
import { closePage, describeInBrowser, newPage } from "../support/chromium.ts"
import { startProgram } from "../support/program.ts"

describeInBrowser("a passkey in a browser", () => {
  let folder: string
  let page: Page
  let server: Awaited<ReturnType<typeof startProgram>>

  beforeAll(async () => {
    folder = temporaryFolder()
    server = await startProgram(folder)
    page = await newPage()
    const devtools = await page.context().newCDPSession(page)
    await devtools.send("WebAuthn.enable")
    const options = {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    } as const
    await devtools.send("WebAuthn.addVirtualAuthenticator", { options })
  }, 60_000)

  afterAll(async () => {
    await closePage(page)
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs a function of the page's, which the compiler of the tests knows nothing of. */
  const inPage = <A>(body: string, value: unknown): Promise<A> => page.evaluate(`(async (value) => { ${body} })(${JSON.stringify(value)})`)

  /** What a page of the admin's host asks the API. */
  const ask = (method: string, path: string, body?: unknown) =>
    inPage<{ readonly status: number; readonly json: { readonly data: Record<string, unknown> } }>(
      `const { method, path, body } = value
       const init = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } }
       const response = await fetch(path, init)
       return { status: response.status, json: await response.json() }`,
      { method, path, body },
    )

  it("is made by who is logged in, and then logs in without a name or a password; the page's scripts never see the cookie", async () => {
    await page.goto(`http://localhost:${server.port}/`)
    const { username, password } = server.ready.firstRun!
    expect((await ask("POST", "/api/login", { username, password })).status).toBe(200)
    expect(await inPage("return document.cookie", null)).toBe("")

    const { json: asked } = await ask("POST", "/api/user/passkeys/options", { password })
    const created = await inPage(
      `const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(value)
       return (await navigator.credentials.create({ publicKey })).toJSON()`,
      asked.data,
    )
    expect((await ask("POST", "/api/user/passkeys", { name: "this computer", response: created })).status).toBe(201)
    await ask("POST", "/api/logout")
    expect((await ask("GET", "/api/user/me")).status).toBe(401)

    const { json: challenge } = await ask("POST", "/api/login/passkey/options")
    const signed = await inPage(
      `const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(value)
       return (await navigator.credentials.get({ publicKey })).toJSON()`,
      challenge.data,
    )
    const { status, json } = await ask("POST", "/api/login/passkey", { response: signed })
    expect([status, json.data["message"]]).toEqual([200, "Login successful"])
    expect((await ask("GET", "/api/user/me")).json.data).toMatchObject({ username, passkeys: 1 })
  })

  it("is of no use to a page of a site, which gets neither the cookie nor an answer", async () => {
    await page.goto(`http://root.localhost:${server.port}/`)
    const reached = await inPage(
      `const url = "http://localhost:" + value + "/api/user/me"
       const tries = [{}, { credentials: "include" }, { method: "POST", credentials: "include", body: "{}" }]
       return Promise.all(tries.map((init) => fetch(url, init).then((response) => response.status, () => "no answer")))`,
      server.port,
    )
    expect(reached).toEqual(["no answer", "no answer", "no answer"])
  })
})
