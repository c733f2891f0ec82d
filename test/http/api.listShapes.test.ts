import * as Schema from "effect/Schema"
import { afterAll, beforeAll, expect, it } from "vitest"
import { App } from "../../src/http/api/contract/apps.ts"
import { Document } from "../../src/http/api/contract/documents.ts"
import { File } from "../../src/http/api/contract/files.ts"
import { Site } from "../../src/http/api/contract/sites.ts"
import { List, Page } from "../../src/http/api/envelope.ts"
import { type Api, apiOf, publish } from "../support/api.ts"
import { startServer, type TestServer } from "../support/server.ts"

// These lists are written without going through their schemas.
let server: TestServer
let api: Api
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("admin"))
  await publish(api, "shop", { "index.html": "1", "a/b.css": "b{}" })
  await publish(api, "shop", { "index.html": "2" })
  await api.post("/sites", { site: "bare" })
  for (const id of ["1", "2", "3"]) await api.send("PUT", `/sites/shop/documents/item?collection=c&id=${id}`, { data: { id, n: [id] } })
})
afterAll(() => server.stop())

it.each<readonly [path: string, schema: Schema.Schema.AnyNoContext]>([
  ["/sites?deleted=true", List(Site)],
  ["/apps", List(App)],
  ["/apps/shop/files", List(File)],
  ["/sites/shop/files", List(File)],
  ["/sites/shop/files?deploy=previous", List(File)],
  ["/sites/bare/files", List(File)],
  ["/sites/shop/documents/items?collection=c&limit=2", Page(Document)],
  ["/sites/shop/documents/items?collection=none", Page(Document)],
])("the list %s has the shape that the contract gives it", async (path, schema) => {
  const { json } = await api.get(path)
  expect(Schema.decodeUnknownSync(schema, { onExcessProperty: "error" })(json)).toEqual(json)
})
