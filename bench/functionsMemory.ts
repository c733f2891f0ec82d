import { rmSync } from "node:fs"
import { dirname } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Engine, makeEngine } from "../src/runtime/blank.ts"
import { imageBytes } from "../src/runtime/image.ts"
import { programCode, startProgram } from "../src/runtime/program.ts"
import { Sandbox } from "../src/runtime/sandbox.ts"
import { programOf } from "./functionHost.ts"
import { median } from "./functionLoad.ts"
import { type BenchProgram, hello, items, large } from "./functionPrograms.ts"
import { megabytes, nowMs, spread, table } from "./report.ts"
import { deploy, getText, type RunningServer, setConfig, startServer } from "./server.ts"

const sites = 200
const times = 20

const filesOf = ({ code }: BenchProgram, mark: string): Map<string, Buffer> => new Map([["main.js", Buffer.from(`${code}// ${mark}\n`)]])

/** What each of the sites takes to answer, one after the other. */
const askAll = async (server: RunningServer): Promise<ReadonlyArray<number>> => {
  const latencies: Array<number> = []
  for (let n = 0; n < sites; n++) {
    const at = nowMs()
    await getText(server.port, `site${n}.localhost`, items.path)
    latencies.push(nowMs() - at)
  }
  return latencies
}

/** Memory and first requests with many sites, and after the server has been started again with them. */
const benchMany = async (): Promise<void> => {
  const memory: Array<ReadonlyArray<string>> = []
  const latencies: Array<ReadonlyArray<string>> = []
  const resident = async (when: string, { rss }: RunningServer): Promise<void> => {
    await sleep(2000)
    memory.push([when, megabytes(rss())])
  }
  const visits = async (server: RunningServer, when: string): Promise<void> => {
    latencies.push([`first request of each${when}`, spread(await askAll(server))])
    await resident(`each of them asked once${when}`, server)
    const rest: Array<number> = []
    for (let round = 1; round < 10; round++) rest.push(...(await askAll(server)))
    latencies.push([`the next nine of each, in turn${when}`, spread(rest)])
    await resident(`each of them asked ten times${when}`, server)
  }

  const server = await startServer()
  await setConfig(server, "limits.deploys_per_minute", "0")
  await resident("just started", server)
  for (let n = 0; n < sites; n++) await deploy(server, `site${n}`, filesOf(items, String(n)))
  await resident(`${sites} sites deployed`, server)
  await visits(server, "")
  await server.stop({ keep: true })

  const again = await startServer(server)
  await resident("started again", again)
  await visits(again, ", started again")
  await again.stop()
  rmSync(dirname(server.db), { recursive: true, force: true })

  table(`Memory of the server with ${sites} sites of ${items.name}s`, ["when", "resident"], memory)
  table("Requests to many sites, one at a time over new connections", ["what", "ms p50 / p95 / p99 / max"], latencies)
}

interface ImageCosts {
  readonly startMs: number
  /** What it takes to put a sandbox of another program into this state. */
  readonly setMs: number
  readonly bytes: number
}

/** What making and using an image costs, and how large it is, without server and threads around it. */
const measureImage = (engine: Engine, { code }: BenchProgram): ImageCosts => {
  const program = programOf(code)
  const other = programOf(hello.code)
  const sandbox = new Sandbox(engine, 32 * 1024 * 1024)
  const otherImage = startProgram(sandbox, other, 2000, () => {})
  const starts: Array<number> = []
  const sets: Array<number> = []
  let bytes = 0
  for (let n = 0; n < times; n++) {
    sandbox.use(otherImage, programCode(other))
    const began = nowMs()
    const image = startProgram(sandbox, program, 2000, () => {})
    starts.push(nowMs() - began)
    sandbox.use(otherImage, programCode(other))
    const used = nowMs()
    sandbox.use(image, programCode(program))
    sets.push(nowMs() - used)
    bytes = imageBytes(image)
  }
  return { startMs: median(starts), setMs: median(sets), bytes }
}

/** Deploys of server code beside deploys of the same bytes as a plain file. */
const benchDeploys = async (): Promise<void> => {
  const server = await startServer()
  await setConfig(server, "limits.deploys_per_minute", "0")
  // The sandbox threads start with the first code that comes.
  const first = await deploy(server, "first", filesOf(hello, "first"))
  const rows: Array<ReadonlyArray<string>> = []
  const engine = makeEngine()
  for (const program of [hello, items, large]) {
    const plain: Array<number> = []
    const asCode: Array<number> = []
    for (let n = 0; n < times; n++) {
      plain.push((await deploy(server, "plain", new Map([["app.js", filesOf(program, `plain ${n}`).get("main.js")!]]))).ms)
      asCode.push((await deploy(server, "code", filesOf(program, `code ${n}`))).ms)
    }
    const { startMs, setMs, bytes } = measureImage(engine, program)
    rows.push([
      program.name,
      median(plain).toFixed(1),
      median(asCode).toFixed(1),
      startMs.toFixed(1),
      setMs.toFixed(2),
      `${(bytes / 1024).toFixed(0)} KB`,
    ])
  }
  table(
    `Deploys of server code (medians of ${times}, in ms)`,
    ["what", "as a plain file", "as server code", "making its image alone", "a sandbox of another site made ready for it", "image"],
    rows,
  )
  process.stdout.write(
    `\nThe first deploy of server code after a start: ${first.ms.toFixed(0)} ms, the start of the sandbox threads included.\n`,
  )
  await server.stop()
}

export const benchFunctionMemory = async (): Promise<void> => {
  await benchMany()
  await benchDeploys()
}
