import { expect, it } from "vitest"
import { timersBinding } from "../../src/runtime/bindings/timers.ts"
import type { HostFunction, HostTask, Invocation } from "../../src/runtime/host.ts"

const open = () => {
  const run = { signal: new AbortController().signal } as Invocation
  const table = timersBinding(() => run)
  const { start } = table["sleep"] as HostTask
  const ended: Array<number> = []
  const sleep = (milliseconds: number): Promise<unknown> =>
    start(...([milliseconds] as never)).then(() => {
      ended.push(milliseconds)
    })
  return { ended, sleep, cancel: (table["sleep.cancel"] as HostFunction).run as () => undefined }
}

it("a sleep ends when its time has come, or when it is given up", async () => {
  const { ended, sleep, cancel } = open()
  await sleep(1)
  const long = sleep(10_000)
  cancel()
  await long
  await sleep(0)
  expect(ended).toEqual([1, 10_000, 0])
})

it("a sleep is not ended by one before it, as of the first attempt of a run that has begun again", async () => {
  const { ended, sleep, cancel } = open()
  const first = sleep(5)
  const second = sleep(10_000)
  await first
  await sleepOfTest()
  expect(ended).toEqual([5])
  cancel()
  await second
})

const sleepOfTest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
