import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import type { EncodedUnit, SentRequest } from "../../src/commands/unitText.ts"
import type { WriterReply } from "../../src/commands/writerRequest.ts"
import { type FunctionResult, type Functions, makeFunctions } from "../../src/runtime/functions.ts"

let folder: string
let functions: Functions
let asked: Array<string>
let reported: Array<string>
/** What the writer says to a unit of work, by its id. */
let verdictOn: (unit: string) => WriterReply
const committed = { ok: true, value: { first: 1, last: 1 } } as unknown as WriterReply
const conflict = { ok: false, error: { code: "CONFLICT", status: 409, message: "Somebody was first." } } as unknown as WriterReply
const broken = { ok: false, error: { code: "STORAGE_FULL", status: 507, message: "The disk is full." } } as unknown as WriterReply

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fazt-conflicts-"))
  asked = []
  reported = []
  functions = makeFunctions({
    thread: new URL("./attacks/fakeThread.ts", import.meta.url),
    path: folder,
    engine: () => Promise.resolve(undefined as never),
    threads: 1,
    settings: () =>
      ({
        run: { cpuMs: 1000 },
        startMs: 1000,
        admission: { concurrency: 10, queue: 10, cpuPerSecond: 0 },
        imageBytes: 1e6,
      }) as never,
    warmPrograms: () => 8,
    env: () => ({}),
    sockets: () => undefined,
    submit: (request, reply) => {
      const unit = nameOf(request)
      asked.push(unit)
      setTimeout(() => reply(verdictOn(unit)), 5)
    },
    log: () => {},
    live: () => {},
    report: (message) => reported.push(message),
  })
})
afterEach(async () => {
  await functions.close()
  rmSync(folder, { recursive: true, force: true })
})

const nameOf = (request: SentRequest): string => JSON.parse((request as EncodedUnit).text).unit

const ask = (): Promise<FunctionResult> =>
  new Promise((resolve) => {
    const target = { site: "a", deploy: "d", manifest: "m", server: {} as never }
    functions.run(target, { request: "r", meta: "writeTwice", body: undefined, isGone: () => false }, resolve)
  })

/** What the thread has been told of its units, once nothing more is to come. */
const verdicts = async (): Promise<ReadonlyArray<string>> => {
  await new Promise((resolve) => setTimeout(resolve, 150))
  return readFileSync(join(folder, "verdicts"), "utf8").trim().split("\n").sort()
}

it("commits the answer, then what came after it", async () => {
  verdictOn = () => committed
  expect(await ask()).toMatchObject({ kind: "answer" })
  expect(await verdicts()).toEqual([expect.stringMatching(/^first-\d+ 1$/), expect.stringMatching(/^rest-\d+ 1$/)])
})

it("runs a refused request once more, and drops all of the first run, also what came after its answer", async () => {
  let refusals = 1
  verdictOn = (unit) => (unit.startsWith("first") && refusals-- > 0 ? conflict : committed)
  expect(await ask()).toMatchObject({ kind: "answer" })
  const told = await verdicts()
  const [first, second] = [...new Set(told.map((line) => Number(/\d+/.exec(line)![0])))].sort((a, b) => a - b)
  expect(told).toEqual([`first-${first} null`, `first-${second} 1`, `rest-${first} null`, `rest-${second} 1`])
  // The dropped rest has not even been asked for.
  expect(asked).toEqual([`first-${first}`, `first-${second}`, `rest-${second}`])
})

it("gives up after six runs", async () => {
  verdictOn = () => conflict
  expect(await ask()).toMatchObject({ kind: "failed", status: 409 })
  expect(asked.filter((unit) => unit.startsWith("first")).length).toBe(6)
  expect((await verdicts()).every((line) => line.endsWith("null"))).toBe(true)
  verdictOn = () => committed
  expect(await ask()).toMatchObject({ kind: "answer" })
})

it("drops what came after an answer that could not be stored", async () => {
  verdictOn = (unit) => (unit.startsWith("first") ? broken : committed)
  expect(await ask()).toMatchObject({ kind: "failed", status: 507 })
  expect(await verdicts()).toEqual([expect.stringMatching(/^first-\d+ null$/), expect.stringMatching(/^rest-\d+ null$/)])
  expect(reported).toEqual([])
})
