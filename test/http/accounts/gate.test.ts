import { setImmediate as later } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { gate, LoginsBusy } from "../../../src/http/accounts/gate.ts"

/** Tasks that end when they are told to, and what has begun so far. */
const tasks = () => {
  const begun: Array<string> = []
  const ends = new Map<string, { readonly resolve: (name: string) => void; readonly reject: (error: Error) => void }>()
  return {
    begun,
    end: (name: string) => ends.get(name)!.resolve(name),
    fail: (name: string) => ends.get(name)!.reject(new Error(name)),
    task: (name: string) => () => {
      begun.push(name)
      return new Promise<string>((resolve, reject) => ends.set(name, { resolve, reject }))
    },
  }
}

describe("the gate", () => {
  it("lets in as many as may run at once, and the others in their order", async () => {
    const { begun, end, task } = tasks()
    const { run } = gate({ atOnce: 2, waiting: 10 })
    const runs = ["a", "b", "c", "d"].map((name) => run(task(name)))
    await later()
    expect(begun).toEqual(["a", "b"])
    end("b")
    await later()
    expect(begun).toEqual(["a", "b", "c"])
    for (const name of ["a", "c"]) end(name)
    await later()
    end("d")
    expect(await Promise.all(runs)).toEqual(["a", "b", "c", "d"])
  })

  it("refuses whoever comes when the line is full, without running the task", async () => {
    const { begun, end, task } = tasks()
    const { run } = gate({ atOnce: 1, waiting: 2 })
    const runs = ["a", "b", "c"].map((name) => run(task(name)))
    const refused = await run(task("d")).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(LoginsBusy)
    expect(refused).toMatchObject({ code: "SERVICE_UNAVAILABLE", status: 503, details: { retry_after: 10 } })
    for (const name of ["a", "b", "c"]) {
      end(name)
      await later()
    }
    await Promise.all(runs)
    expect(begun).toEqual(["a", "b", "c"])
  })

  it("takes the first line before the second, which cannot fill it", async () => {
    const { begun, end, task } = tasks()
    const { run } = gate({ atOnce: 1, waiting: 2 })
    const runs = [run(task("running")), run(task("s1")), run(task("s2"), "second")]
    await expect(run(task("s3"))).rejects.toBeInstanceOf(LoginsBusy)
    runs.push(run(task("f1"), "first"))
    for (const name of ["running", "f1", "s1", "s2"]) {
      end(name)
      await later()
    }
    await Promise.all(runs)
    expect(begun).toEqual(["running", "f1", "s1", "s2"])
  })

  it("gives on the place of a task that failed", async () => {
    const { fail, end, task } = tasks()
    const { run } = gate({ atOnce: 1, waiting: 1 })
    const failed = run(task("a"))
    const next = run(task("b"))
    fail("a")
    await expect(failed).rejects.toThrow("a")
    await later()
    end("b")
    expect(await next).toBe("b")
    const last = run(task("c"))
    end("c")
    expect(await last).toBe("c")
  })
})
