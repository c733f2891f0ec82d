import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { wholeList } from "../../src/cli/lists.ts"

/** A list of so many numbers, with what was asked of it. */
const list = (total: number, largest = 1000) => {
  const asked: Array<readonly [limit: number, offset: number]> = []
  const ask = ({ limit, offset }: { readonly limit: number; readonly offset: number }) =>
    Effect.sync(() => {
      asked.push([limit, offset])
      const data = Array.from({ length: Math.max(0, Math.min(limit, largest, total - offset)) }, (_, i) => offset + i)
      return { data, meta: { total } }
    })
  return { asked, ask }
}

describe("a counted list", () => {
  it.effect.each<readonly [total: number, most: number | undefined, asked: ReadonlyArray<readonly [number, number]>]>([
    [0, undefined, [[1000, 0]]],
    [7, undefined, [[1000, 0]]],
    [1000, undefined, [[1000, 0]]],
    [
      2100,
      undefined,
      [
        [1000, 0],
        [1000, 1000],
        [1000, 2000],
      ],
    ],
    [7, 3, [[3, 0]]],
    [7, 9, [[9, 0]]],
    [
      5000,
      1200,
      [
        [1000, 0],
        [200, 1000],
      ],
    ],
  ])("of %d is read as a whole, or its first %s", ([total, most, expected]) =>
    Effect.gen(function* () {
      const { ask, asked } = list(total)
      const whole = yield* wholeList(Option.fromNullable(most), ask)
      const length = Math.min(total, most ?? total)
      expect(whole).toEqual({ items: Array.from({ length }, (_, i) => i), total })
      expect(asked).toEqual(expected)
    }),
  )

  it.effect("is read on where answers have fewer items than they could", () =>
    Effect.gen(function* () {
      const { ask, asked } = list(25, 10)
      expect((yield* wholeList(Option.none(), ask)).items).toHaveLength(25)
      expect(asked).toHaveLength(3)
    }),
  )

  it.effect("ends where there is nothing more, whatever it counted", () =>
    Effect.gen(function* () {
      const { items } = yield* wholeList(Option.none(), ({ offset }) =>
        Effect.succeed({ data: offset === 0 ? [1] : [], meta: { total: 9 } }),
      )
      expect(items).toEqual([1])
    }),
  )
})
