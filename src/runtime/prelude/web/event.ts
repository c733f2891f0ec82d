import { uncaught } from "../timers.ts"
import { now } from "./performance.ts"

export interface EventInit {
  readonly bubbles?: boolean
  readonly cancelable?: boolean
  readonly composed?: boolean
}

let atTarget: (event: Event, target: EventTarget | null) => void
let isStopped: (event: Event) => boolean
let markPassive: (event: Event, passive: boolean) => void

export class Event {
  readonly #type: string
  readonly #init: EventInit
  readonly #time = now()
  #target: EventTarget | null = null
  #current: EventTarget | null = null
  #prevented = false
  #stopped = false
  #passive = false

  static readonly NONE = 0
  static readonly CAPTURING_PHASE = 1
  static readonly AT_TARGET = 2
  static readonly BUBBLING_PHASE = 3

  static {
    atTarget = (event, target) => {
      if (target !== null) event.#target = target
      else event.#stopped = false
      event.#current = target
    }
    isStopped = (event) => event.#stopped
    markPassive = (event, passive) => {
      event.#passive = passive
    }
  }

  constructor(type: unknown, init?: EventInit) {
    if (type === undefined) throw new TypeError("An Event needs a type.")
    this.#type = String(type)
    this.#init = init ?? {}
  }

  get type(): string {
    return this.#type
  }
  get target(): EventTarget | null {
    return this.#target
  }
  get srcElement(): EventTarget | null {
    return this.#target
  }
  get currentTarget(): EventTarget | null {
    return this.#current
  }
  get eventPhase(): number {
    return this.#current === null ? 0 : 2
  }
  get bubbles(): boolean {
    return Boolean(this.#init.bubbles)
  }
  get cancelable(): boolean {
    return Boolean(this.#init.cancelable)
  }
  get composed(): boolean {
    return Boolean(this.#init.composed)
  }
  get defaultPrevented(): boolean {
    return this.#prevented
  }
  get returnValue(): boolean {
    return !this.#prevented
  }
  get cancelBubble(): boolean {
    return this.#stopped
  }
  get isTrusted(): boolean {
    return false
  }
  get timeStamp(): number {
    return this.#time
  }

  preventDefault(): void {
    if (this.cancelable && !this.#passive) this.#prevented = true
  }
  stopPropagation(): void {}
  stopImmediatePropagation(): void {
    this.#stopped = true
  }
  composedPath(): Array<EventTarget> {
    return this.#current === null ? [] : [this.#current]
  }
}

export class CustomEvent extends Event {
  readonly #detail: unknown

  constructor(type: unknown, init?: EventInit & { readonly detail?: unknown }) {
    super(type, init)
    this.#detail = init?.detail ?? null
  }

  get detail(): unknown {
    return this.#detail
  }
}

export type EventListener = ((event: Event) => unknown) | { readonly handleEvent: (event: Event) => unknown }

interface Listening {
  readonly listener: EventListener
  readonly capture: boolean
  readonly once: boolean
  readonly passive: boolean
  removed: boolean
}

interface ListenOptions {
  readonly capture?: boolean
  readonly once?: boolean
  readonly passive?: boolean
  readonly signal?: EventTarget & { readonly aborted: boolean }
}

export class EventTarget {
  #listening: Map<string, Array<Listening>> | undefined

  addEventListener(type: unknown, listener: EventListener | null | undefined, options?: boolean | ListenOptions): void {
    if (listener === null || listener === undefined) return
    if (typeof listener !== "function" && typeof listener !== "object") throw new TypeError("A listener is a function or an object.")
    const given = typeof options === "object" && options !== null ? options : { capture: Boolean(options) }
    const capture = Boolean(given.capture)
    if (given.signal?.aborted) return
    this.#listening ??= new Map()
    const name = String(type)
    const all = this.#listening.get(name) ?? []
    if (all.some((other) => other.listener === listener && other.capture === capture)) return
    // A new array, so that a dispatch that is under way goes on with the old one.
    const entry = { listener, capture, once: Boolean(given.once), passive: Boolean(given.passive), removed: false }
    this.#listening.set(name, [...all, entry])
    given.signal?.addEventListener("abort", () => this.removeEventListener(type, listener, capture), { once: true })
  }

  removeEventListener(type: unknown, listener: EventListener | null | undefined, options?: boolean | { readonly capture?: boolean }): void {
    const capture = Boolean(typeof options === "object" && options !== null ? options.capture : options)
    const name = String(type)
    const all = this.#listening?.get(name)
    if (all === undefined) return
    const left = all.filter((entry) => {
      if (entry.listener === listener && entry.capture === capture) entry.removed = true
      return !entry.removed
    })
    this.#listening!.set(name, left)
  }

  dispatchEvent(event: Event): boolean {
    if (!(event instanceof Event)) throw new TypeError("dispatchEvent takes an Event.")
    atTarget(event, this)
    for (const entry of this.#listening?.get(event.type) ?? []) {
      if (entry.removed) continue
      if (entry.once) this.removeEventListener(event.type, entry.listener, entry.capture)
      markPassive(event, entry.passive)
      try {
        if (typeof entry.listener === "function") entry.listener.call(this, event)
        else entry.listener.handleEvent(event)
      } catch (error) {
        uncaught(error)
      }
      if (isStopped(event)) break
    }
    markPassive(event, false)
    atTarget(event, null)
    return !event.defaultPrevented
  }
}
