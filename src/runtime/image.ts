import { cardShift } from "./engine/abi.ts"
import type { Guest } from "./engine/guest.ts"

/**
 * A guest's whole state between two calls: its memory, and where in it the things are that the host holds on to. Together with
 * the stack pointer, which always stands at the top then, nothing else of a guest changes.
 *
 * `bytes` are the kilobytes of memory that hold something, one behind the other; `places` says for each kilobyte of memory where
 * it is in there, in kilobytes, or -1 for one that lies in the stack or in free memory of the allocator.
 */
export interface Image {
  readonly bytes: Uint8Array
  readonly places: Int32Array
  readonly pointers: Pointers
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

const cardBytes = 1 << cardShift

/** Takes the image of a guest in which nothing runs and nothing waits. `shared`: in memory that other threads can be given. */
export const takeImage = (guest: Guest, top: number, pointers: Pointers, shared: boolean): Image => {
  const holes = freeBlocks(guest, top)
  const places = new Int32Array(cardOf(guest.word(top) + 64) + 1).fill(-1)
  let count = 0
  const include = (from: number, to: number): void => {
    for (let card = from; card < to; card++) places[card] = count++
  }
  include(0, cardOf(guest.dataEnd) + 1)
  let from = cardOf(guest.stackTop)
  for (const [start, stop] of holes) {
    const [first, last] = [cardOf(start) + 1, cardOf(stop)]
    if (first >= last) continue
    include(from, first)
    from = last
  }
  include(from, places.length)

  const bytes = shared ? new Uint8Array(new SharedArrayBuffer(count * cardBytes)) : new Uint8Array(count * cardBytes)
  places.forEach((place, card) => {
    if (place >= 0) bytes.set(guest.bytes.subarray(card * cardBytes, (card + 1) * cardBytes), place * cardBytes)
  })
  return { bytes, places, pointers }
}

const cardOf = (address: number): number => address >>> cardShift

/** Free blocks smaller than this are copied like the rest. */
const smallestHole = 2 * cardBytes
/** What the allocator itself keeps at both ends of a free block. */
const [headBytes, tailBytes] = [64, 16]

/**
 * The allocator's free blocks, in order: parsing leaves large ones behind. They are found by taking all of them, largest first, and
 * giving them back.
 */
const freeBlocks = (guest: Guest, top: number): ReadonlyArray<readonly [start: number, stop: number]> => {
  const { malloc, free } = guest.exports
  const limit = guest.word(top)
  const taken: Array<readonly [number, number]> = []
  for (let size = 256 * 1024; size >= smallestHole; size /= 2) {
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
  return taken.sort(([a], [b]) => a - b).map(([start, stop]) => [start + headBytes, stop - tailBytes] as const)
}

/** A copy in memory of this thread's own: copying out of shared memory takes three times as long. */
export const ownImage = (image: Image): Image => ({ ...image, bytes: image.bytes.slice() })

/**
 * Puts a guest that has this image into its state again: copies back the kilobytes that have been written to, and zeroes those
 * above the image. What was free stays as it is: the allocator clears what it gives to code, and a guest serves one site only.
 */
export const restoreImage = (guest: Guest, brk: number, image: Image): void => {
  const { bytes, places } = image
  const memory = guest.bytes
  const used = Math.min(cardOf(guest.word(brk) >>> 0) + 1, memory.length >> cardShift)
  const cards = guest.cards(Math.max(used, places.length))
  /** Cards that lie next to each other here and there are copied together. */
  let first = 0
  let next = 0
  const copyRun = (): void => {
    if (next === first) return
    const from = places[first]! * cardBytes
    const hasNext = (places[next] ?? -1) === places[next - 1]! + 1
    memory.set(bytes.subarray(from, from + (next - first) * cardBytes + (hasNext ? overlap : 0)), first * cardBytes)
  }
  for (let group = 0; group < cards.length; group++) {
    const word = cards[group]!
    if (word === 0) continue
    cards[group] = 0
    for (let i = 0; i < cardsInGroup; i++) {
      if ((word & (0xff << (8 * i))) === 0) continue
      const card = group * cardsInGroup + i
      if (card >= places.length) {
        memory.fill(0, card * cardBytes, card * cardBytes + cardBytes + overlap)
        continue
      }
      const place = places[card]!
      if (place < 0) continue
      if (card === next && next > first && place === places[card - 1]! + 1) {
        next++
        continue
      }
      copyRun()
      first = card
      next = card + 1
    }
  }
  copyRun()
  guest.exports.restoreStack(guest.stackTop)
}

/** Puts any guest of the same engine into the state of the image. */
export const adoptImage = (guest: Guest, brk: number, image: Image): void => {
  const { places } = image
  const before = guest.word(brk) >>> 0
  for (let card = 0; card < places.length; card++) copyBack(guest, image, card)
  guest.cards(places.length).fill(0)
  zero(guest, places.length * cardBytes, Math.max(before, guest.word(brk) >>> 0))
  guest.exports.restoreStack(guest.stackTop)
}

/** Cards are looked at in groups of so many. */
const cardsInGroup = 4

/** A store may cross the end of its kilobyte by less than this. */
const overlap = 8

const copyBack = ({ bytes: memory }: Guest, { bytes, places }: Image, card: number): void => {
  const place = places[card]
  if (place === undefined || place < 0) return
  const from = place * cardBytes
  const hasNext = (places[card + 1] ?? -1) === place + 1
  memory.set(bytes.subarray(from, from + cardBytes + (hasNext ? overlap : 0)), card * cardBytes)
}

const zero = ({ bytes }: Guest, from: number, to: number): void => {
  if (to > from) bytes.fill(0, from, Math.min(to, bytes.length))
}

export const imageBytes = ({ bytes }: Image): number => bytes.byteLength
