import { cardBase, cardShift, stackReserve } from "./engine/abi.ts"
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

/** Where a guest's image lies in its own memory. */
export interface Installed {
  readonly image: Image
  readonly places: number
  readonly bytes: number
  /** First address behind it that the stack has not reached, and from there on to the last, some that show if it ever does. */
  readonly sentinels: ReadonlyArray<number>
}

/**
 * Puts any guest of the same engine into the state of the image, and lays the image into its memory, where restoring is fastest.
 * Nothing if there is no room for it.
 */
export const adoptImage = (guest: Guest, brk: number, image: Image): Installed | undefined => {
  const { places } = image
  guest.reserve(memoryOf(image))
  const before = guest.word(brk) >>> 0
  places.forEach((place, card) => {
    if (place < 0) return
    guest.bytes.set(image.bytes.subarray(place * cardBytes, (place + 1) * cardBytes), card * cardBytes)
  })
  guest.cards(places.length).fill(0)
  zero(guest, places.length * cardBytes, Math.max(before, guest.word(brk) >>> 0))
  guest.exports.restoreStack(guest.stackTop)
  return install(guest, image)
}

const install = (guest: Guest, image: Image): Installed | undefined => {
  const from = guest.imageBase
  const to = guest.stackTop - stackReserve
  const bytes = Math.ceil((from + 4 * image.places.length) / cardBytes) * cardBytes
  const end = bytes + image.bytes.length + overlap
  if (end > to) return undefined
  const table = new Int32Array(guest.memory.buffer, from, image.places.length)
  image.places.forEach((place, card) => {
    table[card] = place < 0 ? -1 : 2 * place + (image.places[card + 1] === place + 1 ? 1 : 0)
  })
  guest.bytes.set(image.bytes, bytes)
  const sentinels: Array<number> = []
  for (let address = Math.ceil(end / 8) * 8; address < to; address += sentinelDistance) sentinels.push(address)
  // Memory that nobody has written to costs nothing, and most of this never will be.
  for (const address of sentinels) if (guest.word(address) !== 0) guest.setWord(address, 0)
  return { image, places: from, bytes, sentinels }
}

/** A store may cross the end of its kilobyte by less than this. */
const overlap = 8

const sentinelDistance = 256 * 1024

/**
 * Puts a guest into the state of the image that is installed in it: copies back the kilobytes that have been written to, and zeroes
 * those above the image. What was free stays as it is: the allocator clears what it gives to code, and a guest serves one site only.
 * False if the stack has come so low that nothing there can be relied on.
 */
export const restoreImage = (guest: Guest, brk: number, { image, places, bytes, sentinels }: Installed): boolean => {
  for (const address of sentinels) if (guest.word(address) !== 0) return false
  const { exports } = guest
  const used = cardOf(guest.word(brk) >>> 0) + 1
  exports.restore(places, bytes, 0, cardOf(guest.dataEnd) + 1)
  exports.restore(places, bytes, cardOf(guest.stackTop), image.places.length)
  zeroMarked(guest, image.places.length, used)
  exports.restoreStack(guest.stackTop)
  return true
}

/** Zeroes the kilobytes from card `from` on that have been written to. */
const zeroMarked = (guest: Guest, from: number, to: number): void => {
  const end = Math.min(to, guest.bytes.length >> cardShift)
  if (end <= from) return
  const cards = guest.bytes.subarray(cardBase + from, cardBase + end)
  for (let i = cards.indexOf(1); i >= 0; i = cards.indexOf(1, i + 1)) {
    cards[i] = 0
    zero(guest, (from + i) * cardBytes, (from + i + 1) * cardBytes + overlap)
  }
}

const zero = ({ bytes }: Guest, from: number, to: number): void => {
  if (to > from) bytes.fill(0, from, Math.min(to, bytes.length))
}

/** How much memory a guest in this state has, in bytes. */
export const memoryOf = ({ places }: Image): number => places.length * cardBytes

export const imageBytes = ({ bytes }: Image): number => bytes.byteLength
