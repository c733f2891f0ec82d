import { cardBytes, cardOf } from "./engine/abi.ts"
import type { Guest } from "./engine/guest.ts"

/**
 * The state of a guest that has the prelude in it and no user code: what every program begins with, byte for byte the same in all
 * threads. The room for the stack, which is empty then, is left out. Together with the stack pointer, nothing else of a guest changes.
 */
export interface Blank {
  /** Static data, and behind it the heap. */
  readonly bytes: Uint8Array
  readonly pointers: Pointers
  /** The state of a guest in which nothing else has been evaluated. */
  readonly image: Image
}

/** Addresses of what the host calls. */
export interface Pointers {
  readonly rt: number
  readonly ctx: number
  readonly dispatch: number
  readonly settle: number
  /** Scratch for the engine's job loop. */
  readonly job: number
}

/** The state of a guest that has a program in it: the words that differ from the blank one, a few thousand for most programs. */
export interface Image {
  /** Pairs: the address of a run of such words, and how many they are. */
  readonly runs: Int32Array
  /** What they are, one run behind the other. */
  readonly words: Int32Array
  /** Memory from here on (where a card begins) holds nothing. */
  readonly end: number
}

/** Takes the state of a guest in which nothing runs and nothing waits. What its allocator has free is cleared first. */
export const takeBlank = (guest: Guest, top: number, pointers: Pointers): Blank => {
  for (const [start, stop] of freeBlocks(guest, top)) guest.bytes.fill(0, start, stop)
  const end = endOf(guest, top)
  const { staticEnd, heapStart } = guest
  guest.bytes.fill(0, heapStart, guest.stackTop)
  const bytes = new Uint8Array(staticEnd + end - heapStart)
  bytes.set(guest.bytes.subarray(0, staticEnd))
  bytes.set(guest.bytes.subarray(heapStart, end), staticEnd)
  const nothing = new Int32Array(0)
  return { bytes, pointers, image: { runs: nothing, words: nothing, end } }
}

/** Takes the image of a guest that was blank and has had a program evaluated in it. */
export const takeImage = (guest: Guest, top: number, blank: Blank): Image => {
  const isFree = freeCards(guest, top)
  const end = Math.max(blank.image.end, endOf(guest, top))
  const { staticEnd, heapStart, words: live } = guest
  const blankWords = new Int32Array(blank.bytes.buffer)
  const runs: Array<number> = []
  const words: Array<number> = []
  let runEnd = Number.NEGATIVE_INFINITY

  const add = (at: number): void => {
    // A pair for each word that stands alone would take more than the few words between.
    if (at - runEnd > mergedWords) runs.push(at * 4, 0)
    else for (let between = runEnd; between < at; between++) words.push(live[between]!)
    words.push(live[at]!)
    const count = runs.length - 1
    runs[count] = at + 1 - runs[count - 1]! / 4
    runEnd = at + 1
  }
  const compare = (from: number, to: number, shift: number): void => {
    for (let card = cardOf(from); card < cardOf(to); card++) {
      if (!guest.mayHaveChanged(card) || isFree.has(card)) continue
      const first = (card * cardBytes) >> 2
      for (let at = first; at < first + cardBytes / 4; at++) if (live[at] !== (blankWords[at - shift] ?? 0)) add(at)
    }
  }
  compare(0, staticEnd, 0)
  compare(heapStart, end, (heapStart - staticEnd) >> 2)
  return { runs: shared(runs), words: shared(words), end }
}

const mergedWords = 2

/** In memory that other threads can be given. */
const shared = (values: ReadonlyArray<number>): Int32Array => {
  const array = new Int32Array(new SharedArrayBuffer(4 * values.length))
  array.set(values)
  return array
}

/** Where the heap ends, and what the allocator keeps there: within memory, whatever a program that had broken the engine says. */
const endOf = (guest: Guest, top: number): number => Math.min((cardOf(guest.word(top) + 64) + 1) * cardBytes, guest.bytes.length)

/** Free blocks smaller than this are kept like the rest. */
const smallestFree = 2048
/** What the allocator itself keeps at both ends of a free block. */
const [headBytes, tailBytes] = [64, 16]

/**
 * The inside of the allocator's free blocks: parsing leaves large ones behind. They are found by taking all of them, largest first,
 * and giving them back.
 */
const freeBlocks = (guest: Guest, top: number): ReadonlyArray<readonly [start: number, stop: number]> => {
  const { malloc, free } = guest.exports
  const limit = guest.word(top)
  const taken: Array<readonly [number, number]> = []
  for (let size = 256 * 1024; size >= smallestFree; size /= 2) {
    for (;;) {
      const block = malloc(size)
      if (block === 0) break
      if (block >= limit) {
        free(block)
        break
      }
      taken.push([block, block + size])
    }
  }
  for (const [block] of taken) free(block)
  return taken.map(([start, stop]) => [start + headBytes, stop - tailBytes] as const)
}

/** The cards of what lies in free blocks from end to end. */
export const freeCards = (guest: Guest, top: number): ReadonlySet<number> => {
  const cards = new Set<number>()
  for (const [start, stop] of freeBlocks(guest, top)) {
    for (let card = cardOf(start + cardBytes - 1); card < cardOf(stop); card++) cards.add(card)
  }
  return cards
}

/** What an image takes of the machine's memory. */
export const imageBytes = ({ runs, words }: Image): number => runs.byteLength + words.byteLength
