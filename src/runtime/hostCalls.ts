import type { CpuBudget } from "./cpuBudget.ts"
import { tags } from "./engine/abi.ts"
import type { Guest } from "./engine/guest.ts"
import { GuestError, type HostResult, type HostTable, type HostTask } from "./host.ts"
import type { RunLimits } from "./run.ts"
import { RunEnded } from "./runEnd.ts"

/** The engine's two ways to call the host: for a result, and for one that comes later. */
export const [callId, startId] = [1, 2]

/** The clock is looked at when so many bytes have crossed, if not before. */
const bytesBetweenChecks = 32 * 1024

/** What host functions may be used while a program starts: whatever they gave would be the same in every request. */
const allowedAtStart = /^(url|text|base64|console|engine|time|random\.math|crypto\.(digest|hash|importKey|hmac))/

/** What the calls of a sandbox ask of it. */
export interface Caller {
  /** Nothing while a program starts. */
  readonly limits: () => Pick<RunLimits, "hostCalls" | "hostBytes"> | undefined
  readonly isStarting: () => boolean
  readonly startTask: (op: HostTask, id: number, args: ReadonlyArray<HostArgument>) => void
}

export type HostArgument = string | number | Uint8Array

/** Calls from inside to functions of the host: arguments out, results in, and how many of both there may be. */
export class HostCalls {
  private readonly guest: Guest
  private readonly table: ReadonlyArray<readonly [name: string, op: HostTable[string]]>
  private readonly budget: CpuBudget
  private readonly caller: Caller
  private calls = 0
  private bytes = 0
  private bytesAtCheck = 0

  constructor(guest: Guest, table: HostTable, budget: CpuBudget, caller: Caller) {
    this.guest = guest
    this.table = Object.entries(table)
    this.budget = budget
    this.caller = caller
  }

  /** A new request has all of its limits before it. */
  reset(): void {
    this.calls = 0
    this.bytes = 0
    this.bytesAtCheck = 0
  }

  /** `argv[0]` is the number of a host function. Gives the address of a JSValue, or 0 for undefined. */
  call(ctx: number, argc: number, argv: number, id: number): number {
    if (argc === 0) return 0
    this.spend()
    try {
      const entry = this.table[this.guest.number(ctx, argv)]
      if (entry === undefined) throw notTaken()
      const [name, op] = entry
      if (this.caller.isStarting() && !allowedAtStart.test(name)) throw notAtStart(name)
      if (op.kind === "sync") return this.valueOf(ctx, op.run(...(this.read(ctx, op.takes, argc, argv, id === callId ? 1 : 2) as never)))
      if (id !== startId) throw notTaken()
      this.caller.startTask(op, this.guest.number(ctx, argv + 8), this.read(ctx, op.takes, argc, argv, 2))
      return 0
    } catch (error) {
      if (error instanceof GuestError) return this.throwInside(ctx, error)
      throw error
    }
  }

  private spend(): void {
    this.calls++
    const limits = this.caller.limits()
    if (limits !== undefined && (this.calls > limits.hostCalls || this.bytes > limits.hostBytes)) {
      throw new RunEnded({
        kind: "host_calls",
        message: `It called the host more than ${limits.hostCalls} times, or with more than ${limits.hostBytes} bytes (functions.host_calls).`,
      })
    }
    // What moves much may take the host long.
    if ((this.calls & 15) !== 0 && this.bytes < this.bytesAtCheck + bytesBetweenChecks) return
    this.bytesAtCheck = this.bytes
    this.budget.check()
  }

  private read(ctx: number, takes: string, argc: number, argv: number, first: number): ReadonlyArray<HostArgument> {
    const args: Array<HostArgument> = []
    for (let i = 0; i < takes.length; i++) {
      const at = first + i
      const address = argv + 8 * at
      args.push(this.argument(ctx, takes[i]!, address, at < argc ? this.guest.word(address + 4) : tags.undefined))
    }
    return args
  }

  /** User code can have changed what the entry script is written with, so what that passes on is looked at again. */
  private argument(ctx: number, letter: string, address: number, tag: number): HostArgument {
    const { guest } = this
    if (letter === "n") {
      if (!isNumber(tag)) throw notTaken()
      return guest.number(ctx, address)
    }
    if (letter === "b") {
      const content = tag === tags.object ? guest.bytesOf(ctx, address) : undefined
      // What is no buffer, or has been transferred away, is given as nothing at address 0.
      if (content === undefined || content.byteOffset === 0) throw notTaken()
      this.bytes += content.byteLength
      return content
    }
    const text = tag === tags.string || tag === tags.rope ? guest.text(ctx, address) : undefined
    if (text === undefined) throw notTaken()
    this.bytes += text.length
    return text
  }

  private valueOf(ctx: number, result: HostResult): number {
    const { guest } = this
    if (result === undefined) return 0
    if (typeof result === "string") {
      this.bytes += result.length
      return guest.newString(ctx, result)
    }
    if (typeof result === "number") return guest.newNumber(ctx, result)
    if (typeof result === "boolean") return guest.newNumber(ctx, result ? 1 : 0)
    this.bytes += result.byteLength
    return guest.newBytes(ctx, result)
  }

  private throwInside(ctx: number, { name, message, code }: GuestError): number {
    const { guest } = this
    const error = guest.exports.newError(ctx)
    guest.setProperty(ctx, error, "name", guest.newString(ctx, name))
    guest.setProperty(ctx, error, "message", guest.newString(ctx, message.replaceAll("\0", "\uFFFD")))
    if (code !== undefined) guest.setProperty(ctx, error, "code", guest.newString(ctx, code))
    return guest.exports.throwValue(ctx, error)
  }
}

/** Numbers are those that are not tagged as something else. */
const isNumber = (tag: number): boolean => tag === tags.int || tag < tags.bigInt || tag > tags.shortBigInt

export const notTaken = () => new GuestError("A function of the server was given something that it does not take.", { name: "TypeError" })

export const notAtStart = (op: string) =>
  new GuestError(
    `${op} cannot be used while the program is being loaded, since every request begins with what it left in memory. Use it inside the handler.`,
    { code: "NOT_AT_START" },
  )
