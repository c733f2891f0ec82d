import { makeEngine } from "../../../src/runtime/blank.ts"
import { filesOf } from "../../../src/runtime/code/files.ts"
import { cardBytes, cardOf } from "../../../src/runtime/engine/abi.ts"
import type { Guest } from "../../../src/runtime/engine/guest.ts"
import { readAnswer } from "../../../src/runtime/guestAnswer.ts"
import type { InvocationLimits } from "../../../src/runtime/host.ts"
import { freeCards } from "../../../src/runtime/image.ts"
import { JobRun } from "../../../src/runtime/jobRun.ts"
import type { SandboxSettings } from "../../../src/runtime/messages.ts"
import { type Program, programCode, startProgram } from "../../../src/runtime/program.ts"
import type { RunLimits, RunProblem } from "../../../src/runtime/run.ts"
import { Sandbox } from "../../../src/runtime/sandbox.ts"
import { openStorage } from "../../../src/runtime/storage.ts"

const limits: RunLimits & InvocationLimits = {
  cpuMs: 2000,
  hostCalls: 10_000,
  hostBytes: 128 * 1024 * 1024,
  responseBytes: 10 * 1024 * 1024,
  subrequests: 0,
  subrequestBytes: 0,
  subrequestMs: 1,
  allowedHosts: [],
  storageKeys: 1000,
  storageBytes: 10_000_000,
}
const settings = { logLines: 100 } as SandboxSettings

/** What one request came to. `waits`: it was given up while it waited for something. */
export interface Ended {
  readonly status: number | undefined
  readonly text: string
  readonly problem: RunProblem | undefined
  readonly waits: boolean
}

export const programOf = (files: Readonly<Record<string, string>>): Program => ({
  site: "tested",
  server: { form: "module", entry: "main.js", scope: "site", modules: [], stdlib: [] },
  files: filesOf(files),
})

/** One sandbox in this thread, as `sandboxes.ts` makes it, without a pool, a watchdog and a way to commit. */
export const bareSandbox = (cartridge: string, files: Readonly<Record<string, string>>, memoryBytes = 32 * 1024 * 1024, startMs = 5000) => {
  const engine = makeEngine()
  const program = programOf(files)
  const storage = openStorage(cartridge)
  const newSandbox = (): Sandbox => new Sandbox(engine, memoryBytes)
  const image = startProgram(newSandbox(), program, startMs, () => {})
  const sandbox = newSandbox()
  sandbox.use(image, programCode(program))
  const untouched = newSandbox()
  untouched.use(image, programCode(program))
  const expected = Buffer.from(guestOf(untouched).bytes)
  const isFree = freeCards(guestOf(untouched), engine.layout.top)

  let requests = 0

  /** Runs one request, in which the guest may wait for so many milliseconds, and leaves its memory as it then is. */
  const run = async (path: string, code = "", { cpuMs = limits.cpuMs, waitMs = 0 } = {}): Promise<Ended> => {
    let status: number | undefined
    let text = ""
    let problem: RunProblem | undefined
    const over = Promise.withResolvers<boolean>()
    const jobRun = new JobRun(
      {
        settings,
        storage: () => storage,
        subscribers: () => 0,
        newUnit: () => `unit-${requests}`,
        post: (_, { meta, body }) => {
          status = readAnswer(meta)?.status
          text = typeof body === "string" ? body : Buffer.from(body).toString()
        },
        end: (_, why) => {
          problem = why
          over.resolve(false)
        },
        wake: () => setImmediate(() => sandbox.resume()),
        suspend: () => {},
        outbound: () => {},
        checkDeadline: () => sandbox.checkDeadline(),
        entered: () => {},
        left: () => {},
      },
      {
        id: ++requests,
        site: "tested",
        request: `r${requests}`,
        env: { SECRET: "the secret variable" },
        meta: `POST\nhttp://tested.localhost${path}\nhost\ntested.localhost`,
        body: code === "" ? undefined : code,
      },
      { ...limits, cpuMs },
    )
    sandbox.begin(jobRun, jobRun.meta, jobRun.body)
    const timer = setTimeout(() => over.resolve(true), waitMs)
    const waits = await over.promise
    clearTimeout(timer)
    if (waits) sandbox.abort({ kind: "wall", message: "given up" })
    jobRun.dropWrites()
    return { status, text, problem, waits }
  }

  return { engine, sandbox, image, guest: guestOf(sandbox), expected, isFree, run, close: storage.close }
}

export const guestOf = (sandbox: Sandbox): Guest => (sandbox as unknown as { readonly guest: Guest }).guest

export type BareSandbox = ReturnType<typeof bareSandbox>

type Memory = Pick<BareSandbox, "guest" | "image" | "expected" | "isFree">

const nothing = Buffer.alloc(1024 * 1024)

/** Where the guest's memory differs from the image, or holds anything above it. The stack is left out. */
export const differences = ({ guest, image, expected }: Memory): ReadonlyArray<string> => {
  const found: Array<string> = []
  const compare = (from: number, to: number): void => {
    for (let at = from; at < to; at += cardBytes) {
      if (guest.bytes.compare(expected, at, at + cardBytes, at, at + cardBytes) !== 0) found.push(`${cardOf(at)} differs`)
    }
  }
  compare(0, guest.staticEnd)
  compare(guest.heapStart, image.end)
  for (let at = image.end; at < guest.bytes.length; at += nothing.length) {
    const end = Math.min(at + nothing.length, guest.bytes.length)
    if (guest.bytes.compare(nothing, 0, end - at, at, end) !== 0) found.push(`there is something from ${at} on`)
  }
  return found
}

/** The guest's memory, without what its allocator has free. */
export const held = ({ guest, image, isFree }: Memory): Buffer => {
  const parts = [guest.bytes.subarray(0, guest.staticEnd)]
  for (let card = cardOf(guest.heapStart); card < cardOf(image.end); card++) {
    if (!isFree.has(card)) parts.push(guest.bytes.subarray(card * cardBytes, (card + 1) * cardBytes))
  }
  return Buffer.concat(parts)
}

/** Fills what is free in memory, and what lies above the image, with rubbish. The stack and its cards stay. */
export const poison = ({ guest, image, isFree }: Memory): void => {
  for (const card of isFree) guest.bytes.fill(0xaa, card * cardBytes, (card + 1) * cardBytes)
  guest.bytes.fill(0xaa, image.end)
}
