import * as Options from "@effect/cli/Options"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Server } from "../client.ts"
import { withServer } from "../connection.ts"
import { CliError, failed } from "../errors.ts"
import { exitCodes } from "../exitCodes.ts"
import { bytes, counted, duration } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { progressBar } from "../progressBar.ts"
import { verb } from "../verb.ts"

/** A place in the chain that somebody wrote down: `seq:hash`. */
const Head = Schema.String.pipe(
  Schema.pattern(/^[1-9][0-9]{0,15}:[0-9a-f]{64}$/, { message: () => "--head must be <seq>:<hash>, as `fazt audit verify` prints it" }),
)

const head = Options.text("head").pipe(
  Options.withSchema(Head),
  Options.withPseudoName("seq:hash"),
  Options.withDescription("Also check that this event is still there with this hash, so that a log cut short is found out."),
  Options.optional,
)

export const verify = verb(
  "verify",
  {
    summary: "Check that history was not altered.",
    details: ["Recomputes every event's hash from the first on. Keep the head it prints elsewhere, to check against it later."],
    examples: ["fazt audit verify", "fazt audit verify --head 1234:9f86d0…"],
  },
  { head, json, ...serverOptions },
  ({ head, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const start = yield* Clock.currentTimeMillis
        const walked = yield* verifyChain(server, head)
        const ms = (yield* Clock.currentTimeMillis) - start
        const result = { verified: true, events: walked.seq, bytes: walked.bytes, head: { seq: walked.seq, hash: walked.hash }, ms }
        yield* answer(json, result, ({ paint }) =>
          [
            `${paint.green("✓")} ${counted(walked.seq, "event")} verified (${bytes(walked.bytes)} in ${duration(ms)}, ${rate(walked.bytes, ms)})`,
            `  head ${walked.seq}:${walked.hash}`,
          ].join("\n"),
        )
      }),
    ),
)

const rate = (count: number, ms: number): string => `${bytes(Math.round((count * 1000) / Math.max(1, ms)))}/s`

/** Walks the whole chain, then looks for the head that was written down. Fails with the first bad event. */
export const verifyChain = (server: Server, head: Option.Option<string>) =>
  Effect.gen(function* () {
    const walked = yield* Effect.scoped(walk(server))
    if (Option.isSome(head)) yield* checkHead(server, head.value)
    return walked
  })

/** Walks the chain part by part to its end. */
const walk = ({ api }: Server) =>
  Effect.gen(function* () {
    const bar = yield* progressBar
    const start = yield* Clock.currentTimeMillis
    let seq = 0
    let hash: string | undefined
    let walked = 0
    bar.begin("verifying", 0)
    for (;;) {
      const { data: part } = yield* api.audit.verify({ urlParams: hash === undefined ? { after: seq } : { after: seq, hash } })
      if (part.bad !== null) return yield* badEvent(part.bad.seq, part.bad.reason)
      walked += part.bytes
      const ms = (yield* Clock.currentTimeMillis) - start
      bar.update({ done: part.seq, total: part.head.seq, detail: rate(walked, ms) })
      if (part.done) return { seq: part.seq, hash: part.hash, bytes: walked }
      if (part.seq <= seq) return yield* failed("UNEXPECTED_ANSWER", `the server's verification does not get past event ${seq}`)
      seq = part.seq
      hash = part.hash
    }
  })

/** Whether the chain still holds the event with that hash. */
const checkHead = ({ api }: Server, head: string) =>
  Effect.gen(function* () {
    const [text = "", hash] = head.split(":")
    const seq = Number(text)
    const { data } = yield* api.audit.list({ urlParams: { after: seq - 1, limit: 1, wait: 0 } })
    const found = data[0]
    if (found?.seq !== seq) return yield* badEvent(seq, "it was there when the head was written down, and is gone: the log was cut short")
    if (found.hash !== hash) return yield* badEvent(seq, `its hash is ${found.hash} and was ${hash}: history was rewritten`)
  })

const badEvent = (seq: number, reason: string): CliError =>
  new CliError({
    code: "VERIFICATION_FAILED",
    message: `event ${seq} is bad: ${reason}`,
    details: { seq, reason },
    exitCode: exitCodes.verificationFailed,
  })
