import { benchAttacks } from "./functionsAttack.ts"
import { benchFunctionMemory } from "./functionsMemory.ts"
import { benchSpeed } from "./functionsSpeed.ts"
import { benchStore } from "./functionsStore.ts"

/** What server code costs, what its storage gives, what one site does to another, and what many sites take up. */
export const functionBenches = {
  "functions.speed": benchSpeed,
  "functions.store": benchStore,
  "functions.attacks": benchAttacks,
  "functions.memory": benchFunctionMemory,
} as const
