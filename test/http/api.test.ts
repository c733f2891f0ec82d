import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startServer, type TestServer, zipForm } from "../support/server.ts"
import { zipOf } from "../support/zip.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

describe("POST /api/deploy", () => {
  it("publishes a zip and answers with the site, its counts and a message", async () => {
    const token = await server.key("deploy")
    const { status, json } = await server.ask("/api/deploy", {
      method: "POST",
      token,
      ...zipForm(zipOf({ "index.html": "<h1>hi</h1>" }), { site_name: "MySite" }),
    })
    expect({ status, data: json.data }).toMatchObject({
      status: 200,
      data: { site: "mysite", file_count: 1, size_bytes: 11, message: "Deployment successful" },
    })
    const page = await server.ask("/", { host: "mysite.localhost" })
    expect([page.status, page.text]).toEqual([200, "<h1>hi</h1>"])
  })
})
