import { GuestError, type HostTask } from "./host.ts"
import type { HostArgument } from "./hostCalls.ts"

/** Unfinished tasks that one run may have. */
const maxTasks = 64

/** What has become of a task: the guest's promise with this number settles. */
interface Settled {
  readonly id: number
  readonly ok: boolean
  /** JSON. */
  readonly text: string
  readonly bytes: Uint8Array | undefined
}

/** The host functions of one run that answer later. What comes back for an earlier run is dropped. */
export class HostTasks {
  /** Raised with each run. */
  private epoch = 0
  private open = 0
  private settled: Array<Settled> = []

  /** `wake` is called when there is something to take where there was nothing. */
  start(op: HostTask, id: number, args: ReadonlyArray<HostArgument>, wake: () => void): void {
    const { epoch } = this
    const settle = (ok: boolean, text: string, bytes: Uint8Array | undefined): void => {
      if (epoch !== this.epoch) return
      this.open--
      this.settled.push({ id, ok, text, bytes })
      if (this.settled.length === 1) wake()
    }
    this.open++
    const answer =
      this.open > maxTasks
        ? Promise.reject(new GuestError(`A request can wait for ${maxTasks} things at a time.`, { code: "TOO_MANY_TASKS" }))
        : op.start(...(args as never))
    answer.then(
      ({ text, bytes }) => settle(true, text, bytes),
      (error) => settle(false, JSON.stringify(asGuestError(error)), undefined),
    )
  }

  /** What has been settled since this was last asked. */
  take(): ReadonlyArray<Settled> {
    const { settled } = this
    this.settled = []
    return settled
  }

  get hasSettled(): boolean {
    return this.settled.length > 0
  }

  /** Whether anything has been settled, or may yet be. */
  get isWaiting(): boolean {
    return this.open > 0 || this.hasSettled
  }

  /** The run is over. */
  drop(): void {
    this.epoch++
    this.open = 0
    this.settled = []
  }
}

const asGuestError = (error: unknown): { readonly name: string; readonly message: string; readonly code: string | undefined } =>
  error instanceof GuestError
    ? { name: error.name, message: error.message, code: error.code }
    : { name: "Error", message: "Something went wrong in the server.", code: "INTERNAL_ERROR" }
