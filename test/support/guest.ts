import { vi } from "vitest"
import { type Binding, GuestError, type HostTable, type Invocation } from "../../src/runtime/host.ts"

/** The invocation that host functions find, until another one is put here. */
export const current: { invocation: Partial<Invocation> } = { invocation: {} }

/**
 * Lets the prelude's modules run in this realm, with host functions at the other end as the engine has them: booleans go in as
 * numbers, strings end at U+0000, and the host's refusals are thrown as errors of the guest. To be called before they are imported.
 */
export const installHost = (...bindings: ReadonlyArray<Binding>): void => {
  const table: HostTable = Object.assign({}, ...bindings.map((binding) => binding(() => current.invocation as Invocation)))
  const names = Object.keys(table)
  const call = (op: number, ...args: ReadonlyArray<unknown>): unknown => {
    const entry = table[names[op]!]!
    if (entry.kind !== "sync") throw new Error(`${names[op]} answers later.`)
    try {
      const given = args.map((arg, i) => crossing(entry.takes[i]!, arg))
      const result = entry.run(...(given as never))
      if (typeof result === "boolean") return result ? 1 : 0
      if (result instanceof Uint8Array) return new Uint8Array(result).buffer
      return typeof result === "string" ? result.split("\0")[0] : result
    } catch (error) {
      if (!(error instanceof GuestError)) throw error
      const { name, message, code } = error
      throw Object.assign(new Error(message), { name }, code === undefined ? {} : { code })
    }
  }
  installCalls(names, call)
}

/** Gives the prelude's modules, which are imported after this, such functions. Those that were imported with other ones are forgotten. */
export const installCalls = (names: ReadonlyArray<string>, call: (op: number, ...args: ReadonlyArray<never>) => unknown): void => {
  vi.resetModules()
  Object.assign(globalThis, { __ops: names, __call: call, __start: () => {} })
}

const crossing = (letter: string, arg: unknown): unknown => {
  if (letter === "s") return String(arg).split("\0")[0]
  if (letter === "n") return Number(arg)
  return arg instanceof ArrayBuffer ? Buffer.from(arg) : undefined
}
