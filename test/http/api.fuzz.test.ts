import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openForReading } from "../../src/events/cartridge.ts"
import { withoutRates } from "../support/api.ts"
import { answerChecker, type Described, type Document, type Operation, operationsOf } from "../support/openapi.ts"
import { join, type Person } from "../support/people.ts"
import { type Ask, startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let db: ReturnType<typeof openForReading>
let owner: Person
let operations: ReadonlyArray<Described>
let problemOf: ReturnType<typeof answerChecker>
beforeAll(async () => {
  server = await startServer()
  await withoutRates(server)
  db = openForReading(server.db)
  const count = db.prepare<[], number>(`SELECT count(*) FROM events WHERE type NOT IN ${beside}`).pluck()
  facts = () => count.get()!
  owner = await join(server, "owner")
  await owner.post("/api/sites", { site: "fuzzed" })
  const document: Document = (await server.ask("/api/openapi.json")).json
  operations = operationsOf(document)
  problemOf = answerChecker(document)
})
afterAll(async () => {
  db.close()
  await server.stop()
})

/** What changes the log beside what a request asks: that keys and sessions are in use, and that a login failed. */
const beside = "('v1.KeyUsed', 'v1.SessionSeen', 'v1.LoginFailed')"
/** How many facts there are, of those that a refused request may not make. */
let facts: () => number

const odd = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e999",
    "NaN",
    "null",
    "undefined",
    "true",
    "%00",
    "../..",
    "..%2f..%2fetc%2fpasswd",
    "__proto__",
    "constructor",
    "toString",
    "' OR 1=1 --",
    "\u202e",
    "ﬀ",
    "😀",
    "fuzzed",
    "a".repeat(300),
    "9".repeat(40),
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
)

const oddJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, [], {}, "", 0, -1, 1e308, true, [[]], { __proto__: null }, { constructor: 1 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** A body with the right field names and wrong values in them, or no such thing at all. */
const bodyFor = (operation: Operation): fc.Arbitrary<string | Uint8Array> => {
  const schema = operation.requestBody?.content["application/json"]?.schema as { readonly properties?: Record<string, unknown> } | undefined
  const fields = Object.keys(schema?.properties ?? {})
  const filled = fc
    .tuple(...fields.map((field) => fc.tuple(fc.constant(field), fc.option(oddJson, { nil: undefined, freq: 4 }))))
    .map((pairs) => JSON.stringify(Object.fromEntries(pairs)))
  return fc.oneof(
    { weight: 4, arbitrary: filled },
    { weight: 2, arbitrary: oddJson.map((value) => JSON.stringify(value) ?? "") },
    { weight: 1, arbitrary: fc.constantFrom("{", '{"a":', "\ufeff{}", "[".repeat(5000), '{"a":1}{"b":2}', "\u0000", '"\\ud800"') },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  )
}

const typeOf = fc.oneof(
  { weight: 6, arbitrary: fc.constant("application/json") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "application/json; charset=utf-16",
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonp",
      "nonsense",
      "",
    ),
  },
)

/** Requests for one operation that nearly fit. */
const requestsFor = ({ method, path, operation }: Described): fc.Arbitrary<readonly [string, Ask]> => {
  const parameters = operation.parameters ?? []
  const inPath = path.match(/\{[^}]*\}/g) ?? []
  const url = fc
    .tuple(
      fc.tuple(...inPath.map(() => fc.oneof(fc.constant("fuzzed"), odd))),
      fc.array(
        fc.tuple(fc.constantFrom(...["nonsense", ...parameters.filter((each) => each.in === "query").map(({ name }) => name)]), odd),
        {
          maxLength: 4,
        },
      ),
    )
    .map(([values, pairs]) => {
      const filled = values.reduce(
        (text, value, i) => text.replace(inPath[i]!, () => encodeURIComponent(value.toWellFormed()) || "%20"),
        path,
      )
      const search = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&")
      return search === "" ? filled : `${filled}?${search}`
    })
  const hasBody = method !== "GET" && method !== "DELETE"
  return fc
    .tuple(url, hasBody ? bodyFor(operation) : fc.constant(undefined), typeOf)
    .map(([target, body, type]) => [target, { method, ...(body === undefined ? {} : { body, headers: { "content-type": type } }) }])
}

/** These answer without an end, or do what takes its time and is tried elsewhere. */
const leftOut: ReadonlySet<string> = new Set(["/api/events/live", "/api/projections/rebuild"])

const patienceMs = 5000

const within = async <A>(promise: Promise<A>, what: string): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${patienceMs} ms: ${what}`)), patienceMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

describe("whatever is sent to an endpoint", () => {
  it("is answered as the document says, never with a 5xx, and changes nothing where it is refused", async () => {
    for (const described of operations) {
      const { method, path, operation } = described
      if (leftOut.has(path)) continue
      // A check of a password takes its time.
      const numRuns = /password|login|totp|recovery|passkey/.test(path) ? 8 : 15
      await fc.assert(
        fc.asyncProperty(requestsFor(described), fc.boolean(), async ([url, request], loggedIn) => {
          const before = facts()
          const headers = { ...request.headers, ...(loggedIn ? { cookie: owner.cookie } : {}) }
          const answer = await within(server.ask(url, { ...request, headers }), `${method} ${url}`)
          expect([answer.status, answer.text.slice(0, 300)]).toEqual([
            expect.toSatisfy((status: number) => status < 500),
            expect.anything(),
          ])
          if (answer.status >= 400) expect(facts()).toBe(before)
          // What is refused before it is known what it is for is in the envelope too, where it is the API's to refuse.
          if (answer.headers["content-type"]?.startsWith("application/json") === true && operation.operationId !== undefined)
            expect(problemOf(described, answer)).toBeUndefined()
        }),
        { numRuns, endOnFailure: false },
      )
      // A logout, or the end of all sessions, may have been among them.
      if ((await owner.get("/api/user/me")).status !== 200) owner = await join(server, "owner")
    }
  }, 240_000)
})
