import { cardBytes, cardOf, stackReserve } from "./engine/abi.ts"
import type { Guest } from "./engine/guest.ts"
import type { Blank, Image } from "./image.ts"

/** A store may cross the end of its card by less than this. */
const overlap = 8

const sentinelDistance = 256 * 1024

/**
 * Sets a guest's memory to an image, and back to it after each request. A copy of the state to go back to lies in the guest's own
 * memory, below the stack: only what has been written to is copied back, by a function of the program itself. That relies on what is
 * in the guest; what is set for another program is written from the outside, so that a program that had broken the engine could not
 * reach the next one, and would find nothing of the one before.
 */
export class GuestMemory {
  private readonly guest: Guest
  private readonly blank: Blank
  /** Address of the end of the heap. */
  private readonly brk: number
  /** Where the copy's static data lies; the heap follows it. */
  private readonly copy: number
  /** The state that it was set to last. */
  image: Image
  private isTrusted = false

  constructor(guest: Guest, blank: Blank, brk: number) {
    this.guest = guest
    this.blank = blank
    this.brk = brk
    this.copy = Math.ceil(guest.roomStart / cardBytes) * cardBytes
    this.image = blank.image
    this.set(blank.image)
  }

  /** Puts the guest back into the state that it was set to. */
  restore(): void {
    const { guest, image } = this
    if (!this.isTrusted || this.hasOverrun()) return this.set(image)
    const { staticEnd, heapStart, exports } = guest
    const used = cardOf(guest.word(this.brk) >>> 0) + 1
    exports.restore(this.copy, 0, cardOf(staticEnd))
    exports.restore(this.heapDistance, cardOf(heapStart), cardOf(image.end))
    zeroMarked(guest, cardOf(image.end), used)
    exports.restoreStack(guest.stackTop)
  }

  /** A run has ended in the middle of the engine's work, or another program comes: nothing is taken for granted. */
  distrust(): void {
    this.isTrusted = false
  }

  /** Puts the guest into this state, whatever has been in it. The copy is made if there is room for one. */
  set(image: Image): void {
    const { guest } = this
    const { bytes, image: nothing } = this.blank
    const { staticEnd, heapStart } = guest
    const last = Math.max(this.image.end, image.end)
    guest.reserve(last)
    if (this.hasOverrun()) zero(guest, this.copy, heapStart)
    else this.clearStack()
    const cards = guest.cards(0, guest.bytes.length / cardBytes)
    zero(guest, nothing.end, Math.max(last, (cards.lastIndexOf(1) + 1) * cardBytes + overlap))
    guest.bytes.set(bytes.subarray(0, staticEnd))
    guest.bytes.set(bytes.subarray(staticEnd), heapStart)
    put(image, guest.words, () => 0)
    guest.exports.restoreStack(guest.stackTop)

    const fits = this.fits(image)
    zero(guest, fits ? this.copy + bytes.length : this.copy, Math.min(last + this.heapDistance + overlap, this.roomEnd))
    this.image = image
    if (fits) {
      guest.bytes.set(bytes, this.copy)
      put(image, guest.words, (address) => (address < staticEnd ? this.copy : this.heapDistance))
    }
    cards.fill(0)
    this.isTrusted = true
  }

  /** How much further on the copy of the heap lies. */
  private get heapDistance(): number {
    return this.copy + this.guest.staticEnd - this.guest.heapStart
  }

  private get roomEnd(): number {
    return this.guest.stackTop - stackReserve
  }

  private fits(image: Image): boolean {
    return image.end + this.heapDistance + overlap <= this.roomEnd
  }

  /** What the stack has held, of this program or of the one before. */
  private clearStack(): void {
    zeroMarked(this.guest, cardOf(this.roomEnd), cardOf(this.guest.heapStart))
  }

  /** Whether the stack has come so low that it may have reached the copy, or the cards. */
  private hasOverrun(): boolean {
    if (!this.fits(this.image)) return true
    const first = Math.ceil((this.image.end + this.heapDistance + overlap) / 8) * 8
    for (let at = first; at < this.roomEnd; at += sentinelDistance) if (this.guest.word(at) !== 0) return true
    return false
  }
}

/** Writes an image's words so many bytes further on than where they belong. */
const put = ({ runs, words }: Image, into: Int32Array, distance: (address: number) => number): void => {
  let next = 0
  for (let i = 0; i < runs.length; i += 2) {
    const [address, length] = [runs[i]!, runs[i + 1]!]
    const at = (address + distance(address)) >> 2
    for (let n = 0; n < length; n++) into[at + n] = words[next++]!
  }
}

const zero = ({ bytes }: Guest, from: number, to: number): void => {
  if (to > from) bytes.fill(0, from, Math.min(to, bytes.length))
}

/** Zeroes what has been written to, as these cards say. */
const zeroMarked = (guest: Guest, from: number, to: number): void => {
  if (to <= from) return
  const cards = guest.cards(from, to)
  for (let i = cards.indexOf(1); i >= 0; i = cards.indexOf(1, i + 1)) {
    cards[i] = 0
    zero(guest, (from + i) * cardBytes, (from + i + 1) * cardBytes + overlap)
  }
}
