import { hostFunction } from "../host.ts"

const batchOnHost = hostFunction<[], ArrayBuffer>("random.math")

let batch: Float64Array | undefined
let used = 0

/** `Math.random` from the host: the engine's own generator would begin alike in every request, since its state is in the image. */
export const random = (): number => {
  if (batch === undefined || used === batch.length) {
    batch = new Float64Array(batchOnHost())
    used = 0
  }
  return batch[used++]!
}

/** Drops numbers that were fetched before: they are in the memory image, so that every request would get them. */
export const forgetRandom = (): void => {
  batch = undefined
}
