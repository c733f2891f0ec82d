import * as Effect from "effect/Effect"
import { type DomainError, type Failure, toFailure } from "./envelope.ts"

/** Answers a refusal of the domain with the failure that its code and status stand for. */
export const refuse = <A, R>(effect: Effect.Effect<A, DomainError | Failure, R>): Effect.Effect<A, Failure, R> =>
  Effect.mapError(effect, (error) => ("status" in error ? toFailure(error) : error))
