import { likeNode } from "./likeNode.ts"

const collect = "const collect = async (s) => { const all = []; for await (const c of s) all.push(c); return all };"
const source = "const source = (...items) => new ReadableStream({ start(c) { for (const i of items) c.enqueue(i); c.close() } });"
const setUp = collect + source
const cases = (table: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(table).map(([name, code]) => [name, setUp + code]))

likeNode(
  "ReadableStream",
  cases({
    "its chunks": "return collect(source(1, 2, 3))",
    "pulled ones": "let n = 0; return collect(new ReadableStream({ pull(c) { if (n === 3) c.close(); else c.enqueue(n++) } }))",
    "pulled ones that take time":
      "let n = 0; return collect(new ReadableStream({ async pull(c) { await new Promise((r) => setTimeout(r, 1)); if (n === 3) c.close(); else c.enqueue(n++) } }))",
    "no more pulls than wanted":
      "let n = 0; const s = new ReadableStream({ pull(c) { c.enqueue(n++) } }, { highWaterMark: 3 }); await new Promise((r) => setTimeout(r, 5)); return n",
    "no pulls before a read with highWaterMark 0":
      "let n = 0; const s = new ReadableStream({ pull(c) { c.enqueue(n++) } }, { highWaterMark: 0 }); await new Promise((r) => setTimeout(r, 5)); const before = n; const got = await s.getReader().read(); return [before, got, n]",
    desiredSize:
      "let c; const s = new ReadableStream({ start(x) { c = x } }, { highWaterMark: 2 }); const all = [c.desiredSize]; c.enqueue(1); all.push(c.desiredSize); c.enqueue(1); c.enqueue(1); all.push(c.desiredSize); c.error(1); all.push(c.desiredSize); return all",
    "sizes of chunks":
      "let c; const s = new ReadableStream({ start(x) { c = x } }, { highWaterMark: 10, size: (x) => x.length }); c.enqueue('abc'); return c.desiredSize",
    "an error": "const r = new ReadableStream({ start(c) { c.enqueue(1); c.error(new RangeError('x')) } }).getReader(); await r.read()",
    "an error of pull": "const r = new ReadableStream({ pull() { throw new RangeError('x') } }).getReader(); await r.read()",
    "an error of start": "new ReadableStream({ start() { throw new RangeError('x') } })",
    "a start that is rejected": "await new ReadableStream({ start() { return Promise.reject(new RangeError('x')) } }).getReader().read()",
    "enqueue after close": "let c; new ReadableStream({ start(x) { c = x } }); c.close(); c.enqueue(1)",
    "close twice": "let c; new ReadableStream({ start(x) { c = x } }); c.close(); c.close()",
    "read after the end": "const r = source().getReader(); return [await r.read(), await r.read()]",
    "reads that wait":
      "let c; const r = new ReadableStream({ start(x) { c = x } }).getReader(); const all = [r.read(), r.read(), r.read()]; c.enqueue('a'); c.enqueue('b'); c.close(); return Promise.all(all)",
    locked: "const s = source(1); const r = s.getReader(); const all = [s.locked]; r.releaseLock(); return [...all, s.locked]",
    "two readers": "const s = source(1); s.getReader(); s.getReader()",
    "read after release": "const r = source(1).getReader(); r.releaseLock(); await r.read()",
    closed: "const r = source().getReader(); return (await r.closed) === undefined",
    "closed after release": "const r = new ReadableStream().getReader(); const c = r.closed; r.releaseLock(); await c",
    "release while a read waits": "const s = new ReadableStream(); const r = s.getReader(); const p = r.read(); r.releaseLock(); await p",
    cancel:
      "let why; const s = new ReadableStream({ cancel(r) { why = r } }); await s.cancel('x'); return [why, (await s.getReader().read()).done]",
    "cancel of a locked one": "const s = source(1); s.getReader(); await s.cancel()",
    "cancel that throws": "await new ReadableStream({ cancel() { throw new RangeError('x') } }).cancel()",
    "cancel by the reader": "let why; const r = new ReadableStream({ cancel(x) { why = x } }).getReader(); await r.cancel(5); return why",
    "leaving a loop cancels":
      "let why = 'no'; const s = new ReadableStream({ pull(c) { c.enqueue(1) }, cancel(x) { why = x === undefined } }); for await (const c of s) break; return [why, s.locked]",
    "leaving a loop that must not cancel":
      "let why = 'no'; const s = new ReadableStream({ pull(c) { c.enqueue(1) }, cancel() { why = 'yes' } }); for await (const c of s.values({ preventCancel: true })) break; return [why, s.locked]",
    "an error in a loop": "for await (const c of new ReadableStream({ start(c) { c.error(new RangeError('x')) } })) ;",
    tee: "const [a, b] = source(1, 2).tee(); return [await collect(a), await collect(b)]",
    "tee of an error":
      "const [a, b] = new ReadableStream({ start(c) { c.error(new RangeError('x')) } }).tee(); const all = []; for (const s of [a, b]) await s.getReader().read().catch((e) => all.push(e.name)); return all",
    "tee and one cancelled":
      "let why = 'no'; const s = new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); c.close() }, cancel(x) { why = x } }); const [a, b] = s.tee(); a.cancel('a'); return [await collect(b), why]",
    "tee and both cancelled":
      "let why; const s = new ReadableStream({ cancel(x) { why = x } }); const [a, b] = s.tee(); await Promise.all([a.cancel('a'), b.cancel('b')]); return why",
    "from a list": "return collect(ReadableStream.from([1, Promise.resolve(2)]))",
    "from a generator": "return collect(ReadableStream.from((async function* () { yield 'a'; yield 'b' })()))",
    "from nonsense": "ReadableStream.from(5)",
    "a stream of bytes":
      "return (await collect(new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1, 2])); c.close() } }))).map((c) => [...c])",
    "a stream of bytes with text": "new ReadableStream({ type: 'bytes', start(c) { c.enqueue('x') } })",
    "an unknown type": "new ReadableStream({ type: 'x' })",
    "a wrong highWaterMark": "new ReadableStream({}, { highWaterMark: -1 })",
    "methods of a class as source":
      "class S { n = 0; pull(c) { if (this.n === 2) c.close(); else c.enqueue(this.n++) } } return collect(new ReadableStream(new S()))",
    strategies:
      "const a = new CountQueuingStrategy({ highWaterMark: 3 }), b = new ByteLengthQueuingStrategy({ highWaterMark: 4 }); return [a.highWaterMark, a.size(), b.highWaterMark, b.size(new Uint8Array(7))]",
  }),
)

likeNode(
  "WritableStream",
  cases({
    "its chunks":
      "const all = []; const w = new WritableStream({ write(c) { all.push(c) }, close() { all.push('end') } }).getWriter(); w.write(1); w.write(2); await w.close(); return all",
    "one after the other":
      "const all = []; const w = new WritableStream({ async write(c) { all.push('+' + c); await new Promise((r) => setTimeout(r, 3)); all.push('-' + c) } }).getWriter(); w.write(1); w.write(2); await w.close(); return all",
    backpressure:
      "const w = new WritableStream({ write: () => new Promise((r) => setTimeout(r, 3)) }, { highWaterMark: 2 }).getWriter(); const all = [w.desiredSize]; w.write(1); all.push(w.desiredSize); const p = w.write(2); all.push(w.desiredSize); await w.ready; all.push(w.desiredSize); return all",
    "an error of write":
      "const w = new WritableStream({ write() { throw new RangeError('x') } }).getWriter(); w.closed.catch(() => {}); w.ready.catch(() => {}); await w.write(1)",
    "after an error":
      "const w = new WritableStream({ write() { throw new RangeError('x') } }).getWriter(); w.closed.catch(() => {}); w.ready.catch(() => {}); const all = []; for (const f of [() => w.write(1), () => w.write(2), () => w.close(), () => w.closed]) await f().catch((e) => all.push(e.name)); return all",
    "an error of close":
      "const w = new WritableStream({ close() { throw new RangeError('x') } }).getWriter(); w.closed.catch(() => {}); await w.close()",
    "an error of start": "new WritableStream({ start() { throw new RangeError('x') } })",
    "writing after closing": "const w = new WritableStream().getWriter(); w.close(); await w.write(1)",
    "closing twice": "const w = new WritableStream().getWriter(); w.close(); await w.close()",
    abort:
      "let why; const s = new WritableStream({ abort(x) { why = x } }); const w = s.getWriter(); w.closed.catch(() => {}); w.ready.catch(() => {}); await w.abort('x'); let closed; await w.closed.catch((e) => { closed = e }); return [why, closed]",
    "abort while writing":
      "const all = []; const w = new WritableStream({ write(c, k) { k.signal.addEventListener('abort', () => all.push('signal')); return new Promise((r) => setTimeout(r, 3)) }, abort() { all.push('abort') } }).getWriter(); w.closed.catch(() => {}); w.ready.catch(() => {}); await null; w.write(1).then(() => all.push('written')); w.write(2).catch(() => all.push('dropped')); await null; await w.abort(new Error('x')); return all",
    "error by the controller":
      "const w = new WritableStream({ start(c) { setTimeout(() => c.error(new RangeError('x')), 1) } }).getWriter(); await w.closed",
    "two writers": "const s = new WritableStream(); s.getWriter(); s.getWriter()",
    released:
      "const s = new WritableStream(); const w = s.getWriter(); w.closed.catch(() => {}); w.releaseLock(); return [s.locked, await w.write(1).catch((e) => e.name)]",
    locked: "const s = new WritableStream(); s.getWriter(); await s.close()",
  }),
)

likeNode(
  "pipes and TransformStream",
  cases({
    pipeTo:
      "const all = []; await source(1, 2, 3).pipeTo(new WritableStream({ write(c) { all.push(c) }, close() { all.push('end') } })); return all",
    "pipeTo without closing":
      "const all = []; await source(1).pipeTo(new WritableStream({ write(c) { all.push(c) }, close() { all.push('end') } }), { preventClose: true }); return all",
    "pipeTo of an error":
      "let why; const s = new ReadableStream({ start(c) { c.error(new RangeError('x')) } }); const e = await s.pipeTo(new WritableStream({ abort(x) { why = x.name } })).catch((e) => e.name); return [why, e]",
    "pipeTo something that fails":
      "let why; const s = new ReadableStream({ pull(c) { c.enqueue(1) }, cancel(x) { why = x.name } }); const e = await s.pipeTo(new WritableStream({ write() { throw new RangeError('x') } })).catch((e) => e.name); return [why, e]",
    "pipeTo with a signal":
      "let why; const c = new AbortController(); const s = new ReadableStream({ cancel(x) { why = x } }); const p = s.pipeTo(new WritableStream(), { signal: c.signal }).catch((e) => e); c.abort('stop'); return [await p, why]",
    "pipeTo with a signal that is aborted":
      "return await source(1).pipeTo(new WritableStream(), { signal: AbortSignal.abort('x') }).catch((e) => e)",
    "pipeTo of a locked one": "const s = source(1); s.getReader(); await s.pipeTo(new WritableStream())",
    "pipeTo a slow one":
      "const all = []; await source(1, 2, 3).pipeTo(new WritableStream({ async write(c) { await new Promise((r) => setTimeout(r, 2)); all.push(c) } })); return all",
    "both free afterwards": "const s = source(1), w = new WritableStream(); await s.pipeTo(w); return [s.locked, w.locked]",
    transform:
      "return collect(source(1, 2).pipeThrough(new TransformStream({ transform(x, c) { c.enqueue(x * 2); c.enqueue(x * 3) }, flush(c) { c.enqueue('end') } })))",
    "transform without a transformer": "return collect(source(1, 2).pipeThrough(new TransformStream()))",
    "transform that takes time":
      "return collect(source(1, 2).pipeThrough(new TransformStream({ async transform(x, c) { await new Promise((r) => setTimeout(r, 2)); c.enqueue(x + 1) } })))",
    "transform that throws":
      "return await collect(source(1).pipeThrough(new TransformStream({ transform() { throw new RangeError('x') } }))).catch((e) => e.name)",
    "start of a transform": "return collect(source('b').pipeThrough(new TransformStream({ start(c) { c.enqueue('a') } })))",
    terminate:
      "return collect(source(1, 2, 3).pipeThrough(new TransformStream({ transform(x, c) { c.enqueue(x); if (x === 2) c.terminate() } })))",
    "error of a transform":
      "return await collect(source(1).pipeThrough(new TransformStream({ transform(x, c) { c.error(new RangeError('x')) } }))).catch((e) => e.name)",
    "writing and reading by hand":
      "const { readable, writable } = new TransformStream(); const w = writable.getWriter(); const all = collect(readable); await w.write('a'); await w.write('b'); await w.close(); return all",
    "writing waits for reading":
      "const { readable, writable } = new TransformStream(); const w = writable.getWriter(); let written = false; w.write('a').then(() => { written = true }); await new Promise((r) => setTimeout(r, 3)); const before = written; await readable.getReader().read(); await new Promise((r) => setTimeout(r, 3)); return [before, written]",
    "cancelled from behind":
      "const { readable, writable } = new TransformStream(); const w = writable.getWriter(); w.closed.catch(() => {}); w.ready.catch(() => {}); await readable.cancel('x'); return await w.write(1).catch((e) => e)",
    "aborted from before":
      "const { readable, writable } = new TransformStream(); const r = readable.getReader(); await writable.abort('x'); return await r.read().catch((e) => e)",
    "a chain":
      "return collect(source('a,b', ',c').pipeThrough(new TextEncoderStream()).pipeThrough(new TextDecoderStream()).pipeThrough(new TransformStream({ transform(x, c) { c.enqueue(x.toUpperCase()) } })))",
    "text in pieces":
      "return (await collect(source(new Uint8Array([240, 159]), new Uint8Array([152, 128, 97])).pipeThrough(new TextDecoderStream()))).join('')",
    "half a pair":
      "return (await collect(source('\\ud83d', '\\ude00', '\\ud83d').pipeThrough(new TextEncoderStream()))).flatMap((c) => [...c])",
    "what the text streams say":
      "const a = new TextDecoderStream('latin1', { fatal: true }); return [a.encoding, a.fatal, a.ignoreBOM, new TextEncoderStream().encoding]",
    "a thousand chunks":
      "let n = 0; const s = new ReadableStream({ pull(c) { if (n === 1000) c.close(); else c.enqueue(n++) } }); let sum = 0; await s.pipeThrough(new TransformStream()).pipeTo(new WritableStream({ write(c) { sum += c } })); return sum",
  }),
)
