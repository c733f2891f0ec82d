export interface Deferred {
  readonly promise: Promise<unknown>
  readonly resolve: (value?: unknown) => void
  readonly reject: (error: unknown) => void
}

export const nothing = (): void => {}

/** A promise to settle from outside; its rejection does not count as unhandled. */
export const deferred = (): Deferred => {
  const made = Promise.withResolvers<unknown>()
  made.promise.catch(nothing)
  return made
}

/** Calls a function that may be missing, and makes a promise of how it ends. */
export const invoked = <Args extends ReadonlyArray<unknown>>(
  run: ((...args: Args) => unknown) | undefined,
  ...args: Args
): Promise<unknown> => {
  try {
    return Promise.resolve(run?.(...args))
  } catch (error) {
    return Promise.reject(error)
  }
}
