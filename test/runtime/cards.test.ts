import { expect, it } from "vitest"
import { cardBase, cardShift } from "../../src/runtime/engine/abi.ts"

it("the script that instruments the engine and the program that uses it mean the same cards", async () => {
  const script = (await import(new URL("../../scripts/cards.mjs", import.meta.url).href)) as { cardBase: number; cardShift: number }
  expect([script.cardBase, script.cardShift]).toEqual([cardBase, cardShift])
})
