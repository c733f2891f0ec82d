import { readFileSync } from "node:fs"
import { guestFile } from "../../../src/resources.ts"
import { allBindings } from "../../../src/runtime/bindings/all.ts"
import { filesOf } from "../../../src/runtime/code/files.ts"
import { compileEngine, findLayout } from "../../../src/runtime/engine/engine.ts"
import type { Guest } from "../../../src/runtime/engine/guest.ts"
import { readAnswer } from "../../../src/runtime/guestAnswer.ts"
import type { InvocationLimits } from "../../../src/runtime/host.ts"
import type { Image } from "../../../src/runtime/image.ts"
import { JobRun } from "../../../src/runtime/jobRun.ts"
import type { SandboxSettings } from "../../../src/runtime/messages.ts"
import { moduleLoader, type Program, requireBinding, startProgram } from "../../../src/runtime/program.ts"
import { type Engine, type RunLimits, type RunProblem, Sandbox } from "../../../src/runtime/sandbox.ts"
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

/** One sandbox in this thread, as `sandboxes.ts` makes it, without a pool, a watchdog and a way to commit. */
export const bareSandbox = (cartridge: string, files: Readonly<Record<string, string>>, memoryBytes = 32 * 1024 * 1024, startMs = 5000) => {
  const module = compileEngine()
  const engine: Engine = { module, layout: findLayout(module) }
  const program: Program = {
    site: "tested",
    server: { form: "module", entry: "main.js", scope: "site", modules: [], stdlib: [] },
    files: filesOf(files),
  }
  const storage = openStorage(cartridge)
  const newSandbox = (): Sandbox => new Sandbox(engine, memoryBytes, [...allBindings, requireBinding(program)], moduleLoader(program))

  const first = newSandbox()
  first.prepare(readFileSync(guestFile("prelude.js"), "utf8"))
  startProgram(first, program, startMs, () => {})
  const image: Image = first.takeImage(true)
  const sandbox = newSandbox()
  sandbox.adopt(image)

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
        key: "tested",
        site: "tested",
        request: `r${requests}`,
        env: { SECRET: "a variable" },
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

  const guest = (sandbox as unknown as { readonly guest: Guest }).guest

  return { sandbox, image, guest, run, close: storage.close }
}

export type BareSandbox = ReturnType<typeof bareSandbox>

const cardBytes = 1024
const nothing = Buffer.alloc(1024 * 1024)

/** Where the guest's memory differs from the image, or holds anything above it. */
export const differences = ({ guest, image }: Pick<BareSandbox, "guest" | "image">): ReadonlyArray<string> => {
  const { bytes, places } = image
  const found: Array<string> = []
  const kilobyte = Buffer.alloc(cardBytes)
  places.forEach((place, card) => {
    if (place < 0) return
    kilobyte.set(bytes.subarray(place * cardBytes, (place + 1) * cardBytes))
    if (guest.bytes.compare(kilobyte, 0, cardBytes, card * cardBytes, (card + 1) * cardBytes) !== 0) found.push(`${card} differs`)
  })
  for (let at = places.length * cardBytes; at < guest.bytes.length; at += nothing.length) {
    const end = Math.min(at + nothing.length, guest.bytes.length)
    if (guest.bytes.compare(nothing, 0, end - at, at, end) !== 0) found.push(`there is something from ${at} on`)
  }
  return found
}

/** Fills what an image does not hold with rubbish: free memory, and what lies above the image. The stack and its cards stay. */
export const poison = ({ guest, image }: Pick<BareSandbox, "guest" | "image">): void => {
  const { places } = image
  const heap = Math.floor(guest.stackTop / cardBytes)
  places.forEach((place, card) => {
    if (place < 0 && card >= heap) guest.bytes.fill(0xaa, card * cardBytes, (card + 1) * cardBytes)
  })
  guest.bytes.fill(0xaa, places.length * cardBytes)
}
