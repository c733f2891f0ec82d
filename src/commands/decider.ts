import type * as Either from "effect/Either"

/**
 * How commands on one kind of stream become events. Both functions are pure: time, ids and actors come in with the command or
 * are added by the log. An empty list of events means that the wish is already true.
 */
export interface Decider<Command, State, Event, Error> {
  readonly stream: (command: Command) => string
  readonly initial: State
  readonly decide: (command: Command, state: State) => Either.Either<ReadonlyArray<Event>, Error>
  readonly evolve: (state: State, event: Event) => State
}
