import type { Guest } from "./engine/guest.ts"

/**
 * A guest's whole state between two calls: its memory, and where in it the things are that the host holds on to. Together with
 * the stack pointer, which always stands at the top then, nothing else of a guest changes.
 */
export interface Image {
  /** Static data, from address 0. */
  readonly data: Uint8Array
  /** The heap up to its last live byte, from the top of the stack. */
  readonly heap: Uint8Array
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
  const end = Math.ceil((guest.word(top) + alignment) / alignment) * alignment
  const copy = (from: number, to: number): Uint8Array => {
    const target = shared ? new Uint8Array(new SharedArrayBuffer(to - from)) : new Uint8Array(to - from)
    target.set(guest.bytes.subarray(from, to))
    return target
  }
  return { data: copy(0, guest.dataEnd), heap: copy(guest.stackTop, end), pointers }
}

/** A copy in memory of this thread's own: copying out of shared memory takes three times as long. */
export const ownImage = ({ data, heap, pointers }: Image): Image => ({ data: data.slice(), heap: heap.slice(), pointers })

/**
 * Puts a guest into the state of the image, whatever happened in it since: an error of the host that unwound its stack, a trap,
 * memory that ran out. What lies above the image is zeroed, so that no request finds anything of another.
 */
export const restoreImage = (guest: Guest, brk: number, { data, heap }: Image): void => {
  const { bytes, stackTop } = guest
  const used = Math.min(guest.word(brk) >>> 0, bytes.length)
  bytes.set(data, 0)
  bytes.set(heap, stackTop)
  const end = stackTop + heap.length
  if (used > end) bytes.fill(0, end, used)
  guest.exports.restoreStack(stackTop)
}

export const imageBytes = ({ data, heap }: Image): number => data.byteLength + heap.byteLength
