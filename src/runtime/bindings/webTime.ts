import { randomBytes, randomFillSync, randomUUID } from "node:crypto"
import { performance } from "node:perf_hooks"
import { GuestError, type HostTable, type Invocation } from "../host.ts"

/** How many numbers `Math.random` gets at once. */
const batch = 64

/** How many bytes the standard lets one ask for at once. */
const mostBytes = 65_536

export const timeFunctions = (invocation: () => Invocation): HostTable => {
  /** What the steady clock showed when each run began. */
  const beginnings = new WeakMap<Invocation, number>()

  const beginning = (run: Invocation): number => {
    const known = beginnings.get(run)
    if (known !== undefined) return known
    // The two clocks are compared once: the other one may be set meanwhile.
    const began = performance.now() - Math.max(0, Date.now() - (run.now ?? Date.now()))
    beginnings.set(run, began)
    return began
  }

  return {
    /** Milliseconds since the run began, in steps of 0.1. */
    "time.now": {
      kind: "sync",
      takes: "",
      run: (): number => Math.round((performance.now() - beginning(invocation())) * 10) / 10,
    },
    /** While a program starts there is no run yet, and no time that would still be true later. */
    "time.origin": { kind: "sync", takes: "", run: (): number => invocation().now ?? 0 },

    "random.math": {
      kind: "sync",
      takes: "",
      run: (): Uint8Array => {
        const words = randomFillSync(new Uint32Array(batch * 2))
        const numbers = Float64Array.from(
          { length: batch },
          (_, i) => ((words[2 * i]! >>> 5) * 0x4000000 + (words[2 * i + 1]! >>> 6)) / 2 ** 53,
        )
        return new Uint8Array(numbers.buffer)
      },
    },
    "random.bytes": {
      kind: "sync",
      takes: "n",
      run: (count: number): Uint8Array => {
        if (!(count >= 0 && count <= mostBytes))
          throw new GuestError(`There are at most ${mostBytes} random bytes at once.`, { name: "RangeError" })
        return randomBytes(count)
      },
    },
    "random.uuid": { kind: "sync", takes: "", run: (): string => randomUUID() },
  }
}
