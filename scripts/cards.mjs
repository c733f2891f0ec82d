// Makes a WebAssembly program note which parts of its memory it writes to: for every 256 bytes there is a byte, a card, that each
// store sets to 1. Then putting a memory back into an earlier state costs what was changed, not what is there.
//
// The cards lie in the memory itself, where the program's linker left room for a stack that never grows so far. A store that
// crosses the end of these marks those it begins in: what restores copies eight bytes more. That is a function of the
// program too, called `restore`, since copying within the memory is many times faster than copying into it.

/** As in `src/runtime/engine/abi.ts`: the first build runs on whatever Node there is, which may not read TypeScript. */
export const cardBase = 128 * 1024
export const cardShift = 8

const [typeSection, importSection, functionSection, exportSection, codeSection] = [1, 2, 3, 7, 10]
const [i32, i64, f32, f64] = [0x7f, 0x7e, 0x7d, 0x7c]

/** The program with its stores marked. Throws on instructions that it does not know. */
export const withCards = (wasm) => {
  const sections = sectionsOf(wasm)
  const body = (id) => sections.find((section) => section.id === id)?.bytes
  const types = typesOf(body(typeSection))
  const imported = importedFunctions(body(importSection))
  const signatures = indexesOf(body(functionSection))
  const mark = { type: types.length, index: imported + signatures.length }
  const restore = { type: mark.type + 1, index: mark.index + 1 }

  const out = [...wasm.subarray(0, 8)]
  for (const { id, bytes } of sections) {
    if (id === typeSection) push(out, id, appended(bytes, [0x60, 2, i32, i32, 0], [0x60, 3, i32, i32, i32, 0]))
    else if (id === functionSection) push(out, id, appended(bytes, unsigned(mark.type), unsigned(restore.type)))
    else if (id === exportSection) push(out, id, appended(bytes, [7, ...Buffer.from("restore"), 0, ...unsigned(restore.index)]))
    else if (id === codeSection) push(out, id, codeOf(bytes, signatures, types, mark.index))
    else push(out, id, bytes)
  }
  return Uint8Array.from(out)
}

const push = (out, id, bytes) => {
  out.push(id)
  for (const byte of unsigned(bytes.length)) out.push(byte)
  for (const byte of bytes) out.push(byte)
}

// ── Numbers ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const unsigned = (value) => {
  const bytes = []
  let rest = value
  do {
    const low = rest & 0x7f
    rest = Math.floor(rest / 128)
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

const signed = (value) => {
  const bytes = []
  let rest = value
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
    bytes.push(isLast ? low : low | 0x80)
    if (isLast) return bytes
  }
}

class Reader {
  constructor(bytes, position = 0) {
    this.bytes = bytes
    this.position = position
  }
  byte() {
    return this.bytes[this.position++]
  }
  u32() {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
  }
  skipNumber() {
    while (this.byte() >= 0x80);
  }
  take(length) {
    this.position += length
    return this.bytes.subarray(this.position - length, this.position)
  }
}

// ── Sections ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const sectionsOf = (wasm) => {
  const reader = new Reader(wasm, 8)
  const sections = []
  while (reader.position < wasm.length) {
    const id = reader.byte()
    sections.push({ id, bytes: reader.take(reader.u32()) })
  }
  return sections
}

/** How many parameters each type of function has. */
const typesOf = (bytes) => {
  const reader = new Reader(bytes)
  return Array.from({ length: reader.u32() }, () => {
    if (reader.byte() !== 0x60) throw new Error("A type that is no function type.")
    const parameters = reader.u32()
    reader.take(parameters)
    reader.take(reader.u32())
    return parameters
  })
}

const importedFunctions = (bytes) => {
  const reader = new Reader(bytes)
  let functions = 0
  for (let n = reader.u32(); n > 0; n--) {
    reader.take(reader.u32())
    reader.take(reader.u32())
    const kind = reader.byte()
    if (kind === 0) {
      functions++
      reader.u32()
    } else if (kind === 2) {
      const hasMaximum = (reader.byte() & 1) === 1
      reader.u32()
      if (hasMaximum) reader.u32()
    } else throw new Error(`An import of kind ${kind}.`)
  }
  return functions
}

const indexesOf = (bytes) => {
  const reader = new Reader(bytes)
  return Array.from({ length: reader.u32() }, () => reader.u32())
}

/** A vector with more items. */
const appended = (bytes, ...items) => {
  const reader = new Reader(bytes)
  const count = reader.u32()
  return [...unsigned(count + items.length), ...bytes.subarray(reader.position), ...items.flat()]
}

// ── Code ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const codeOf = (bytes, signatures, types, mark) => {
  const reader = new Reader(bytes)
  const count = reader.u32()
  const out = unsigned(count + 2)
  for (let i = 0; i < count; i++) {
    const size = reader.u32()
    const body = marked(reader.take(size), types[signatures[i]], mark)
    for (const byte of unsigned(body.length)) out.push(byte)
    for (const byte of body) out.push(byte)
  }
  for (const body of [markRange(), restoreRange()]) out.push(...unsigned(body.length), ...body)
  return out
}

/** Opcodes of stores: what they take from the stack. */
const stored = new Map([
  [0x36, i32],
  [0x37, i64],
  [0x38, f32],
  [0x39, f64],
  [0x3a, i32],
  [0x3b, i32],
  [0x3c, i64],
  [0x3d, i64],
  [0x3e, i64],
])

/** A function's body with every store marked. It gets six more locals. */
const marked = (body, parameters, mark) => {
  const reader = new Reader(body)
  const groups = reader.u32()
  let locals = parameters
  const declared = reader.position
  for (let i = 0; i < groups; i++) {
    locals += reader.u32()
    reader.byte()
  }
  const address = locals
  const [sourceLocal, lengthLocal] = [locals + 1, locals + 2]
  const values = new Map([
    [i32, locals + 2],
    [i64, locals + 3],
    [f32, locals + 4],
    [f64, locals + 5],
  ])
  const out = [...unsigned(groups + 4), ...body.subarray(declared, reader.position), 3, i32, 1, i64, 1, f32, 1, f64]
  const emit = (...bytes) => {
    for (const byte of bytes) out.push(byte)
  }
  const get = (local) => emit(0x20, ...unsigned(local))
  const set = (local) => emit(0x21, ...unsigned(local))
  const tee = (local) => emit(0x22, ...unsigned(local))

  while (reader.position < body.length) {
    const start = reader.position
    const opcode = reader.byte()
    const type = stored.get(opcode)
    if (type !== undefined) {
      reader.u32()
      const offset = reader.u32()
      set(values.get(type))
      tee(address)
      if (offset !== 0) emit(0x41, ...signed(offset), 0x6a)
      emit(0x41, cardShift, 0x76, 0x41, 1, 0x3a, 0, ...unsigned(cardBase))
      get(address)
      get(values.get(type))
    } else if (opcode === 0xfc) {
      const kind = reader.u32()
      skipBulk(reader, kind)
      // memory.init, memory.copy, memory.fill: address, something, length.
      if (kind === 8 || kind === 10 || kind === 11) {
        set(lengthLocal)
        set(sourceLocal)
        tee(address)
        get(lengthLocal)
        emit(0x10, ...unsigned(mark))
        get(address)
        get(sourceLocal)
        get(lengthLocal)
      }
    } else skipImmediates(reader, opcode)
    for (let i = start; i < reader.position; i++) out.push(body[i])
  }
  return out
}

/** `(address, length)`: marks every card of the range. */
const markRange = () => {
  const first = [0x20, 0, 0x41, cardShift, 0x76]
  const last = [0x20, 0, 0x20, 1, 0x6a, 0x41, 1, 0x6b, 0x41, cardShift, 0x76]
  return [
    0, // no locals
    ...[0x20, 1, 0x45, 0x04, 0x40, 0x0f, 0x0b], // if length is 0, return
    ...[...first, 0x41, ...signed(cardBase), 0x6a], // where
    ...[0x41, 1], // what
    ...[...last, ...first, 0x6b, 0x41, 1, 0x6a], // how many
    ...[0xfc, 11, 0], // memory.fill
    0x0b,
  ]
}

/**
 * `(distance, from, to)`: for each card in [from, to) that is marked, clears the card and copies what it stands for back, with eight
 * bytes more, from where it lies untouched: so many bytes further on. Cards are looked at eight at a time: most are clear.
 */
const restoreRange = () => {
  const [distance, card, end] = [0, 1, 2].map((local) => [0x20, local])
  const constant = (value) => [0x41, ...signed(value)]
  const [add, shl, geU] = [0x6a, 0x74, 0x4f]
  const isMarked = [...card, 0x2d, 0, ...unsigned(cardBase)]
  const eightAreClear = [...card, 0x29, 0, ...unsigned(cardBase), 0x50]
  const clear = [...card, ...constant(0), 0x3a, 0, ...unsigned(cardBase)]
  const target = [...card, ...constant(cardShift), shl]
  const source = [...target, ...distance, add]
  const copy = [...target, ...source, ...constant((1 << cardShift) + 8), 0xfc, 10, 0, 0]
  return [
    0, // no locals
    ...[0x02, 0x40, 0x03, 0x40], // block, loop
    ...[...card, ...end, geU, 0x0d, 1], // until card = end
    ...[...eightAreClear, 0x04, 0x40, ...card, ...constant(8), add, 0x21, 1, 0x0c, 1, 0x0b], // on by eight
    ...[...isMarked, 0x04, 0x40, ...clear, ...copy, 0x0b],
    ...[...card, ...constant(1), add, 0x21, 1, 0x0c, 0], // next card
    ...[0x0b, 0x0b, 0x0b],
  ]
}

const skipBulk = (reader, kind) => {
  const immediates = { 8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1 }[kind] ?? (kind < 8 ? 0 : undefined)
  if (immediates === undefined) throw new Error(`The instruction 0xfc ${kind} is not known.`)
  for (let i = 0; i < immediates; i++) reader.u32()
}

const skipImmediates = (reader, opcode) => {
  if (opcode <= 0x01 || opcode === 0x05 || opcode === 0x0b || opcode === 0x0f || opcode === 0x1a || opcode === 0x1b || opcode === 0xd1)
    return
  if (opcode >= 0x45 && opcode <= 0xc4) return
  if (opcode >= 0x02 && opcode <= 0x04) return reader.skipNumber()
  if (opcode === 0x0c || opcode === 0x0d || opcode === 0x10 || (opcode >= 0x20 && opcode <= 0x26) || opcode === 0xd2)
    return reader.skipNumber()
  if (opcode === 0x0e) {
    for (let n = reader.u32() + 1; n > 0; n--) reader.u32()
    return
  }
  if (opcode === 0x11 || (opcode >= 0x28 && opcode <= 0x35)) {
    reader.skipNumber()
    return reader.skipNumber()
  }
  if (opcode === 0x1c) return void reader.take(reader.u32())
  if (opcode === 0x3f || opcode === 0x40 || opcode === 0xd0 || opcode === 0x41 || opcode === 0x42) return reader.skipNumber()
  if (opcode === 0x43) return void reader.take(4)
  if (opcode === 0x44) return void reader.take(8)
  throw new Error(`The instruction 0x${opcode.toString(16)} is not known.`)
}
