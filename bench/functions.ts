import { benchAttacks } from "./functionsAttack.ts"
import { benchFunctionMemory } from "./functionsMemory.ts"
import { benchSpeed } from "./functionsSpeed.ts"
import { benchStore } from "./functionsStore.ts"

/** What server code costs, what its storage gives, and what one site does to another. */
export const benchFunctions = async (): Promise<void> => {
  await benchSpeed()
  await benchStore()
  await benchAttacks()
  await benchFunctionMemory()
}
