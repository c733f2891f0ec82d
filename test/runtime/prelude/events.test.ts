import { beforeAll, describe, expect, it } from "vitest"
import { startGuest, type TestGuest, webPrelude } from "./guest.ts"
import { likeNode } from "./likeNode.ts"

likeNode("events", {
  "listeners in order":
    "const t = new EventTarget(), all = []; t.addEventListener('a', () => all.push(1)); t.addEventListener('a', { handleEvent: () => all.push(2) }); t.dispatchEvent(new Event('a')); return all",
  "one listener counts once":
    "let n = 0; const t = new EventTarget(), f = () => n++; t.addEventListener('a', f); t.addEventListener('a', f); t.dispatchEvent(new Event('a')); return n",
  once: "let n = 0; const t = new EventTarget(); t.addEventListener('a', () => n++, { once: true }); t.dispatchEvent(new Event('a')); t.dispatchEvent(new Event('a')); return n",
  removed:
    "let n = 0; const t = new EventTarget(), f = () => n++; t.addEventListener('a', f); t.removeEventListener('a', f); t.dispatchEvent(new Event('a')); return n",
  "removed by another listener":
    "const all = [], t = new EventTarget(), f = () => all.push('f'); t.addEventListener('a', () => t.removeEventListener('a', f)); t.addEventListener('a', f); t.dispatchEvent(new Event('a')); return all",
  "added by another listener":
    "const all = [], t = new EventTarget(); t.addEventListener('a', () => t.addEventListener('a', () => all.push('late'))); t.dispatchEvent(new Event('a')); return all",
  "removed by a signal":
    "let n = 0; const t = new EventTarget(), c = new AbortController(); t.addEventListener('a', () => n++, { signal: c.signal }); c.abort(); t.dispatchEvent(new Event('a')); return n",
  stopImmediatePropagation:
    "const all = [], t = new EventTarget(); t.addEventListener('a', (e) => { all.push(1); e.stopImmediatePropagation() }); t.addEventListener('a', () => all.push(2)); t.dispatchEvent(new Event('a')); return all",
  preventDefault:
    "const t = new EventTarget(); t.addEventListener('a', (e) => e.preventDefault()); return [t.dispatchEvent(new Event('a', { cancelable: true })), t.dispatchEvent(new Event('a'))]",
  "preventDefault of a passive one":
    "const t = new EventTarget(); t.addEventListener('a', (e) => e.preventDefault(), { passive: true }); return t.dispatchEvent(new Event('a', { cancelable: true }))",
  targets:
    "const t = new EventTarget(); let seen; t.addEventListener('a', function (e) { seen = [e.target === t, e.currentTarget === t, this === t, e.eventPhase] }); const e = new Event('a'); t.dispatchEvent(e); return [seen, e.currentTarget, e.target === t]",
  "what an event says":
    "const e = new Event('a', { bubbles: true }); return [e.type, e.bubbles, e.cancelable, e.composed, e.defaultPrevented, e.isTrusted]",
  CustomEvent: "[new CustomEvent('a', { detail: { b: 1 } }).detail, new CustomEvent('a').detail]",
  "not an event": "new EventTarget().dispatchEvent({ type: 'a' })",
  "a subclass":
    "class T extends EventTarget {}; let n = 0; const t = new T(); t.addEventListener('x', () => n++); t.dispatchEvent(new Event('x')); return n",
})

likeNode("aborting", {
  "reason by default":
    "const c = new AbortController(); c.abort(); return [c.signal.aborted, c.signal.reason.name, c.signal.reason.code, c.signal.reason instanceof Error]",
  "reason given": "const c = new AbortController(); c.abort('x'); c.abort('y'); return c.signal.reason",
  "event and handler":
    "const all = [], c = new AbortController(); c.signal.onabort = () => all.push('on'); c.signal.addEventListener('abort', (e) => all.push(e.type)); c.abort(); return all",
  throwIfAborted: "AbortSignal.abort().throwIfAborted()",
  "not aborted": "const c = new AbortController(); c.signal.throwIfAborted(); return [c.signal.aborted, c.signal.reason === undefined]",
  "any of several":
    "const a = new AbortController(), b = new AbortController(); const s = AbortSignal.any([a.signal, b.signal]); b.abort('b'); a.abort('a'); return [s.aborted, s.reason]",
  "any with one aborted": "AbortSignal.any([AbortSignal.abort(7)]).reason",
  "any of none": "AbortSignal.any([]).aborted",
  timeout: "const s = AbortSignal.timeout(5); await new Promise((r) => s.addEventListener('abort', r)); return s.reason.name",
  "no constructor": "new AbortSignal()",
})

likeNode("DOMException", {
  "its parts":
    "const e = new DOMException('m', 'AbortError'); return [e.name, e.message, e.code, e instanceof Error, e instanceof DOMException, String(e), DOMException.ABORT_ERR, e.NOT_FOUND_ERR]",
  "by default": "const e = new DOMException(); return [e.name, e.message, e.code]",
  "with a cause": "new DOMException('m', { name: 'X', cause: 5 }).cause",
})

likeNode("timers", {
  "in the order they are due":
    "const all = []; await new Promise((r) => { setTimeout(() => { all.push(3); r() }, 40); setTimeout(() => all.push(2), 20); setTimeout(() => all.push(1), 1) }); return all",
  "alike in the order they were set":
    "const all = []; await new Promise((r) => { for (let i = 0; i < 5; i++) setTimeout(() => { all.push(i); if (i === 4) r() }, 5) }); return all",
  arguments: "await new Promise((r) => setTimeout((...a) => r(a), 1, 'x', 2))",
  cleared: "let n = 0; const t = setTimeout(() => n++, 1); clearTimeout(t); await new Promise((r) => setTimeout(r, 15)); return n",
  "cleared by another":
    "let n = 0; const b = []; setTimeout(() => clearTimeout(b[0]), 1); b[0] = setTimeout(() => n++, 20); await new Promise((r) => setTimeout(r, 40)); return n",
  interval:
    "let n = 0; await new Promise((r) => { const t = setInterval(() => { if (++n === 3) { clearInterval(t); r() } }, 2) }); await new Promise((r) => setTimeout(r, 10)); return n",
  "clearing nonsense": "clearTimeout(undefined); clearTimeout(99999); clearInterval('x'); return 'fine'",
  "microtasks come first":
    "const all = []; setTimeout(() => all.push('timer'), 0); queueMicrotask(() => all.push('micro')); Promise.resolve().then(() => all.push('promise')); all.push('now'); await new Promise((r) => setTimeout(r, 10)); return all",
  "microtasks between timers":
    "const all = []; setTimeout(() => { all.push('a'); Promise.resolve().then(() => all.push('b')) }, 1); setTimeout(() => all.push('c'), 1); await new Promise((r) => setTimeout(r, 15)); return all",
  "not a function": "setTimeout('x')",
  "queueMicrotask of nothing": "queueMicrotask()",
})

describe("timers of the sandbox", () => {
  let guest: TestGuest
  beforeAll(async () => {
    guest = await startGuest(await webPrelude())
  })

  it("reports what callbacks, microtasks and listeners throw, and goes on", async () => {
    expect(
      await guest.run(`
        const seen = []
        __test.onUncaught((error) => seen.push(error.message))
        setTimeout(() => { throw new Error("timer") }, 1)
        queueMicrotask(() => { throw new Error("microtask") })
        const target = new EventTarget()
        target.addEventListener("x", () => { throw new Error("listener") })
        target.addEventListener("x", () => seen.push("next"))
        target.dispatchEvent(new Event("x"))
        reportError(new Error("reported"))
        await new Promise((resolve) => setTimeout(resolve, 10))
        return seen`),
    ).toEqual(["listener", "next", "reported", "microtask", "timer"])
  })

  it("sleeps once for any number of timers", async () => {
    let sleeps = 0
    const counted = await startGuest(await webPrelude(), {
      sleep: {
        kind: "async",
        takes: "n",
        start: () => {
          sleeps++
          return new Promise((resolve) => setTimeout(() => resolve({ text: "null" }), 1))
        },
      },
    })
    await counted.run("for (let i = 0; i < 500; i++) setTimeout(() => {}, 1000 + i); return 1")
    expect(sleeps).toBe(1)
  })

  it("keeps timers that are set before a request until it begins", async () => {
    let sleeps = 0
    const early = await startGuest(`${await webPrelude()};globalThis.ran = 0; setTimeout(() => ran++, 1)`, {
      sleep: {
        kind: "async",
        takes: "n",
        start: () => {
          sleeps++
          return Promise.resolve({ text: "null" })
        },
      },
    })
    expect(sleeps).toBe(1)
    expect(await early.run("await null; return ran")).toBe(1)
  })

  it("never wakes a run that is over", async () => {
    const over = await startGuest(await webPrelude())
    let ended = false
    void over.run("await new Promise((resolve) => setTimeout(resolve, 5))").then(() => {
      ended = true
    })
    over.abort()
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(ended).toBe(false)
  })
})
