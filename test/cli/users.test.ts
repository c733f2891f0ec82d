import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startServer, type TestServer } from "../support/server.ts"
import { runVerb } from "./runVerb.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

describe("fazt users", () => {
  it("x", async () => {
    console.log(await runVerb(["sites", "--db", server.db]))
    console.log(await runVerb(["sites", "--to", `localhost:${server.port}`]))
  })
})
