import type { Guest } from "./engine/guest.ts"

/**
 * A guest's whole state between two calls: its memory, and where in it the things are that the host holds on to. Together with
 * the stack pointer, which always stands at the top then, nothing else of a guest changes.
 *
 * `bytes` are the pieces of memory that hold something, one behind the other; `pieces` say where each belongs (address and
 * length in turn). What lies between them is free memory of the allocator.
 */
export interface Image {
  readonly bytes: Uint8Array
  readonly pieces: ReadonlyArray<number>
  /** Where the last piece ends. */
  readonly end: number
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

const alignment = 64

/** Takes the image of a guest in which nothing runs and nothing waits. `shared`: in memory that other threads can be given. */
export const takeImage = (guest: Guest, top: number, pointers: Pointers, shared: boolean): Image => {
  const holes = freeBlocks(guest, top)
  const end = Math.ceil((guest.word(top) + alignment) / alignment) * alignment
  const pieces = [0, guest.dataEnd]
  let from = guest.stackTop
  for (const [start, stop] of holes) {
    pieces.push(from, start - from)
    from = stop
  }
  pieces.push(from, end - from)

  const size = pieces.reduce((sum, value, i) => (i % 2 === 0 ? sum : sum + value), 0)
  const bytes = shared ? new Uint8Array(new SharedArrayBuffer(size)) : new Uint8Array(size)
  forEachPiece(pieces, (address, length, offset) => bytes.set(guest.bytes.subarray(address, address + length), offset))
  return { bytes, pieces, end, pointers }
}

const forEachPiece = (pieces: ReadonlyArray<number>, use: (address: number, length: number, offset: number) => void): void => {
  let offset = 0
  for (let i = 0; i < pieces.length; i += 2) {
    use(pieces[i]!, pieces[i + 1]!, offset)
    offset += pieces[i + 1]!
  }
}

/** Free blocks smaller than this are copied like the rest. */
const smallestHole = 2048
/** What the allocator itself keeps at both ends of a free block. */
const [headBytes, tailBytes] = [48, 16]

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
 * Puts a guest into the state of the image, whatever happened in it since: an error of the host that unwound its stack, a trap,
 * memory that ran out. What lies above the image is zeroed. What was free stays as it is: the allocator clears what it gives to
 * code, and a guest serves one site only.
 */
export const restoreImage = (guest: Guest, brk: number, { bytes, pieces, end }: Image): void => {
  const memory = guest.bytes
  const used = Math.min(guest.word(brk) >>> 0, memory.length)
  let offset = 0
  for (let i = 0; i < pieces.length; i += 2) {
    const length = pieces[i + 1]!
    memory.set(bytes.subarray(offset, offset + length), pieces[i]!)
    offset += length
  }
  if (used > end) memory.fill(0, end, used)
  guest.exports.restoreStack(guest.stackTop)
}

export const imageBytes = ({ bytes }: Image): number => bytes.byteLength
