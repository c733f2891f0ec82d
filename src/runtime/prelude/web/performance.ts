import { hostFunction } from "../host.ts"

/** Milliseconds since the request began. */
export const now = hostFunction<[], number>("time.now")
const origin = hostFunction<[], number>("time.origin")

export const performance = {
  now: () => now(),
  get timeOrigin(): number {
    return origin()
  },
  toJSON: () => ({ timeOrigin: origin() }),
}
