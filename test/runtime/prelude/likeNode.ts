import { beforeAll, describe, expect, it } from "vitest"
import { runInNode, startGuest, type TestGuest, webPrelude } from "./guest.ts"

/** Bodies of async functions by what they show. Each has to give in the guest what it gives in Node; an error counts by its name. */
export const likeNode = (title: string, cases: Readonly<Record<string, string>>): void => {
  describe(title, () => {
    let guest: TestGuest
    beforeAll(async () => {
      guest = await startGuest(await webPrelude())
    })
    it.each(Object.entries(cases))("%s", async (_, code) => {
      const body = `try { ${/;|^(return|try) /.test(code) ? code : `return ${code}`} } catch (error) { return { threw: error.name } }`
      expect(await guest.run(body)).toEqual(await runInNode(body))
    })
  })
}

/** Cases that differ in one value: `code` has the value in the place of `_`. */
export const each = (code: string, values: ReadonlyArray<unknown>): Record<string, string> =>
  Object.fromEntries(values.map((value) => [`${code} of ${JSON.stringify(value)}`, code.replaceAll("_", () => JSON.stringify(value))]))
