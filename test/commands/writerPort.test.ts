import { MessageChannel } from "node:worker_threads"
import { expect, it } from "vitest"
import { type SentRequest, unitText } from "../../src/commands/unitText.ts"
import { answerPort, decodeCommitted, encodeCommitted, type FromWriter, requestPort } from "../../src/commands/writerPort.ts"
import type { WriterReply, WriterRequest } from "../../src/commands/writerRequest.ts"
import { type AppendRequest, VersionConflict } from "../../src/events/EventLog.ts"

/** What a writer hears of requests that are sent together, and what their senders hear of its replies. */
const exchange = async (requests: ReadonlyArray<SentRequest>, verdict: (request: WriterRequest) => WriterReply) => {
  const { port1, port2 } = new MessageChannel()
  const heard: Array<WriterRequest> = []
  answerPort(port2, {
    submit: (request, reply) => {
      heard.push(request)
      reply(verdict(request))
    },
  })
  const port = requestPort({ postMessage: (message, transfer) => port1.postMessage(message, transfer as Array<ArrayBuffer>) })
  port1.on("message", (message: FromWriter) => {
    if ("replies" in message) port.receive(message.replies)
  })
  const replies = await Promise.all(requests.map((request) => new Promise<WriterReply>((resolve) => port.submit(request, resolve))))
  port1.close()
  return { heard, replies }
}

const request: AppendRequest = {
  actor: "fn:a",
  cause: "r",
  streams: [
    {
      stream: "kv/a/x",
      expected: "any",
      events: [{ id: "u.0", type: "v1.KvSet", data: { site: "a", key: "x", value: { ü: ["\ud800", -1.5, null] }, size: 1 } }],
    },
  ],
  reads: { at: 3, streams: ["kv/a/x"], prefixes: ["kv/a/"], after: ["v"] },
}

it("An encoded unit comes to the writer as the unit that it was made of, in its place among other requests", async () => {
  const { heard, replies } = await exchange(
    [
      { kind: "beginBlob" },
      { kind: "encodedUnit", text: unitText(request), blobs: [] },
      { kind: "encodedUnit", text: unitText(request), blobs: [new Uint8Array([1, 2])] },
      { kind: "unit", request, blobs: [] },
    ],
    ({ kind }) => (kind === "unit" ? { ok: true, value: { first: 4, last: 5, repeated: false } } : { ok: true, value: 7 }),
  )
  expect(heard).toEqual([
    { kind: "beginBlob" },
    { kind: "unit", request, blobs: [] },
    { kind: "unit", request, blobs: [new Uint8Array([1, 2])] },
    { kind: "unit", request, blobs: [] },
  ])
  const appended = { ok: true, value: { first: 4, last: 5, repeated: false } }
  expect(replies).toEqual([{ ok: true, value: 7 }, appended, appended, appended])
})

it("Replies of every kind find their way back, whatever comes between them", async () => {
  const conflict = new VersionConflict({ stream: "kv/a/x", expected: "none", actual: 2 })
  const verdicts: ReadonlyArray<WriterReply> = [
    { ok: true, value: { first: 1, last: 0, repeated: false } },
    { ok: false, error: conflict },
    { ok: true, value: { first: 1, last: 2, repeated: true } },
    { ok: true, value: undefined },
    { ok: false, defect: "broken" },
    { ok: true, value: { appended: undefined } },
  ]
  let n = 0
  const { replies } = await exchange(
    verdicts.map(() => ({ kind: "beginBlob" })),
    () => verdicts[n++]!,
  )
  expect(replies).toEqual(verdicts)
  expect(replies[1]).toMatchObject({ error: { message: conflict.message, status: 409 } })
})

it("What was committed is the same on the other side", () => {
  const committed = { events: [1, 2].map((seq) => ({ seq, type: "v1.KvSet", stream: `kv/a/${seq}` })), variants: ["hash"] }
  expect(decodeCommitted(encodeCommitted(committed))).toEqual(committed)
})
