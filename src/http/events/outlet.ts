import type { Failure } from "../api/envelope.ts"
import type { RenderedPage } from "./renderedPage.ts"

/** Why a stream ends: the caller may not have it any longer, or the server is about to stop. */
export type EndReason = Failure | "stopping"

/** A client's connection, as far as events go out over it. */
export interface Outlet {
  /** Takes a page. False: it is full, and says so by `onRoom` when it is no longer. */
  readonly page: (page: RenderedPage) => boolean
  readonly caughtUp: (seq: number) => void
  /** Shows that the server is still there; all that matched up to `seq` has been sent. */
  readonly beat: (seq: number) => void
  readonly end: (reason: EndReason) => void
}

export interface OutletOptions {
  readonly onRoom: () => void
  readonly onClosed: () => void
  /** A client that takes nothing for so long is dropped. */
  readonly stallMs: number
}

/** How long a browser waits until it connects again, in milliseconds. */
export const reconnectMs = 2000
