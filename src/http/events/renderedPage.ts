import type { ActivityPage } from "../../projections/activity.ts"
import { textFrame } from "../liveMessages.ts"

/** A page as it is sent, made once for all who get it. */
export interface RenderedPage extends ActivityPage {
  /** Server-Sent Events: the seq is their id, so that a browser that has lost its connection says where it was. */
  readonly eventStream: () => Buffer
  /** Frames of a WebSocket. */
  readonly frames: () => Buffer
}

export const rendered = (page: ActivityPage): RenderedPage => {
  let eventStream: Buffer | undefined
  let frames: Buffer | undefined
  return {
    ...page,
    eventStream: () => (eventStream ??= Buffer.from(page.entries.map(({ seq, json }) => `id: ${seq}\ndata: ${json}\n\n`).join(""))),
    frames: () => (frames ??= Buffer.concat(page.entries.map(({ json }) => textFrame(`{"type":"event","event":${json}}`)))),
  }
}
