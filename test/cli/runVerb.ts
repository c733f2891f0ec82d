import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Interruption } from "../../src/cli/interruption.ts"
import { execute } from "../../src/cli/run.ts"
import { Environment } from "../../src/config.ts"
import { silentEnvironment } from "../support/environment.ts"
import { type Person, terminal } from "./terminal.ts"

export interface Said {
  readonly code: number
  readonly stdout: string
  /** What was written as bytes. */
  readonly bytes: Buffer
  readonly stderr: string
  readonly asked: ReadonlyArray<{ readonly question: string; readonly hidden: boolean }>
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape.
  readonly json: any
}

export interface Around {
  readonly person?: Person
  readonly stdin?: string
  readonly isTerminal?: boolean
  /** Where the peers are kept. */
  readonly configFolder?: string
}

/** Runs a command line in this process, with nothing of the machine's user around it. */
export const runVerb = async (
  args: ReadonlyArray<string>,
  { person, stdin = "", isTerminal = false, configFolder = "/nonexistent" }: Around = {},
): Promise<Said> => {
  const screen = terminal(isTerminal, { stdin, ...(person === undefined ? {} : { person }) })
  const around = Layer.mergeAll(
    screen.layer,
    NodeContext.layer,
    Layer.succeed(Environment, silentEnvironment(configFolder)),
    Layer.succeed(Interruption, { isTheEnd: Effect.void }),
  )
  const code = await Effect.runPromise(Effect.provide(execute(args), around))
  const lines = (texts: ReadonlyArray<string>): string => texts.map((text) => `${text}\n`).join("")
  const stdout = lines(screen.printed)
  return {
    code,
    stdout,
    bytes: Buffer.concat(screen.written),
    stderr: lines(screen.noted),
    asked: screen.asked,
    get json() {
      return JSON.parse(stdout)
    },
  }
}
