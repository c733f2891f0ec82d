import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { CliError } from "./errors.ts"
import { exitCodes } from "./exitCodes.ts"
import { note } from "./output.ts"

/** How long one request waits for news, in seconds: less than what proxies allow. */
const wait = 25

/** What a list that can be followed answers: `meta.next` is where a page ends that did not hold everything. */
interface Page<Item> {
  readonly data: ReadonlyArray<Item>
  readonly meta: { readonly next: string | null }
}

/** Shows what comes behind `after` as it comes, for ever. A server that goes away is waited for. */
export const followPages = <Item, E, R, E2, R2>(options: {
  readonly after: number
  /** Asks for the next page, and lets the server wait so many seconds for one. */
  readonly ask: (params: { readonly after: number; readonly wait: number; readonly limit: number }) => Effect.Effect<Page<Item>, E, R>
  readonly place: (item: Item) => number
  readonly show: (items: ReadonlyArray<Item>) => Effect.Effect<void, E2, R2>
}) => {
  const { ask, place, show } = options
  let isGone = false
  const tellOnce = Effect.suspend(() => {
    const told = isGone
    isGone = true
    return told ? Effect.void : note("no server answers, waiting for one …")
  })
  const next = (after: number) =>
    ask({ after, wait, limit: 1000 }).pipe(
      Effect.tapError((error) => (isUnreachable(error) ? tellOnce : Effect.void)),
      Effect.retry({ while: isUnreachable, schedule: Schedule.spaced("1 second") }),
    )
  const step = (after: number) =>
    Effect.gen(function* () {
      const { data, meta } = yield* next(after)
      isGone = false
      yield* show(data)
      return Math.max(after, lastPlace(data, place), Number(meta.next ?? 0))
    })
  return Effect.iterate(options.after, { while: () => true, body: step })
}

/** The newest items that match, oldest first, over as many pages as they need. */
export const newestPages = <Item, E, R>(
  limit: number,
  ask: (params: { readonly before?: number; readonly limit: number }) => Effect.Effect<Page<Item>, E, R>,
) =>
  Effect.gen(function* () {
    const items: Array<Item> = []
    let before: { readonly before?: number } = {}
    while (items.length < limit) {
      const { data, meta } = yield* ask({ ...before, limit: Math.min(1000, limit - items.length) })
      items.push(...data)
      if (meta.next === null) break
      before = { before: Number(meta.next) }
    }
    return items.reverse()
  })

export const lastPlace = <Item>(items: ReadonlyArray<Item>, place: (item: Item) => number): number =>
  items.reduce((last, item) => Math.max(last, place(item)), 0)

const isUnreachable = (error: unknown): boolean => error instanceof CliError && error.exitCode === exitCodes.unreachable
