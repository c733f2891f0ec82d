import type { Unit } from "./unit.ts"

/** What a host function gives back. Strings that go into the guest may not hold U+0000; what can hold it travels as JSON or as bytes. */
export type HostResult = string | number | boolean | Uint8Array | undefined

/** A function of the host that user code calls and waits for, without the event loop turning. */
export interface HostFunction {
  readonly kind: "sync"
  /**
   * One letter for each argument; the guest always passes all of them. `s` is a string, `n` a number, `b` bytes: a view of the
   * guest's memory, valid during the call only.
   */
  readonly takes: string
  readonly run: (...args: never) => HostResult
}

/** A function of the host that answers later. Its promise's value settles the guest's promise. */
export interface HostTask {
  readonly kind: "async"
  readonly takes: string
  readonly start: (...args: never) => Promise<HostAnswer>
}

/** `text` is JSON; `bytes` go beside it. */
export interface HostAnswer {
  readonly text: string
  readonly bytes?: Uint8Array | undefined
}

export type HostTable = Readonly<Record<string, HostFunction | HostTask>>

/** An error that user code sees as its own: `name`, `message` and, where given, `code`. Any other error of the host is a defect. */
export class GuestError extends Error {
  readonly code: string | undefined
  constructor(message: string, options: { readonly name?: string; readonly code?: string } = {}) {
    super(message)
    this.name = options.name ?? "Error"
    this.code = options.code
  }
}

export type LogLevel = "debug" | "info" | "log" | "warn" | "error"

/** A message for the open sockets of a site: `channel` `undefined` means all of them. Sent once the unit of work has committed. */
export interface Broadcast {
  readonly kind: "broadcast"
  readonly channel: string | undefined
  /** JSON. */
  readonly data: string
}

export interface Kick {
  readonly kind: "kick"
  readonly client: string
}

/** One run of user code for one request, as the bindings see it. */
export interface Invocation {
  readonly site: string
  /** The id that logs and events carry. */
  readonly request: string
  /** Epoch milliseconds when it began. */
  readonly now: number
  /** What it reads and writes; begun when it is first asked for. */
  readonly unit: () => Unit
  /** The site's environment variables. */
  readonly env: Readonly<Record<string, string>>
  readonly log: (level: LogLevel, message: string) => void
  readonly live: (message: Broadcast | Kick) => void
  /** How many sockets are open on the site, by channel; `""` counts all of them. */
  readonly subscribers: (channel: string) => number
  /** To be waited for before anything leaves the machine: what the run has read is known to be true then. False if it was not. */
  readonly settled: () => Promise<boolean>
  /** To be called before anything leaves the machine: from then on the run cannot be repeated. */
  readonly outbound: () => void
  readonly limits: InvocationLimits
  /** Aborted when the run is over, whatever way it ended. */
  readonly signal: AbortSignal
  /** Throws when the run has used up its time. Host functions that loop call it now and then. */
  readonly checkDeadline: () => void
}

/** Limits that bindings hold to; each is a setting. */
export interface InvocationLimits {
  /** Calls to other servers in one request. */
  readonly subrequests: number
  /** The largest request and response body of a call to another server, in bytes. */
  readonly subrequestBytes: number
  /** How long one such call may take, in milliseconds. */
  readonly subrequestMs: number
  /** Hosts that the site may call; empty: any public host. `*.example.com` means its subdomains. */
  readonly allowedHosts: ReadonlyArray<string>
  /** The site's keys, documents and objects together. */
  readonly storageKeys: number
  readonly storageBytes: number
}

/** Host functions of one global. The table is made once for each sandbox; `invocation` is whichever runs in it now. */
export type Binding = (invocation: () => Invocation) => HostTable
