import { Blob } from "./blob.ts"
import { DOMException } from "./domException.ts"

const errors: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}
const uncloneable = [WeakMap, WeakSet, WeakRef, Promise, FinalizationRegistry]

export const structuredClone = (value: unknown, options?: { readonly transfer?: ReadonlyArray<ArrayBuffer> }): unknown => {
  if (options?.transfer === undefined) return clone(value, new Map())
  const copies = new Map<unknown, unknown>()
  for (const buffer of options.transfer) {
    if (!(buffer instanceof ArrayBuffer) || buffer.detached || copies.has(buffer))
      throw refused("What is no ArrayBuffer, or was transferred before,")
    copies.set(buffer, buffer.slice(0))
  }
  const copy = clone(value, copies)
  // Only now, so that nothing is lost if something cannot be cloned.
  for (const buffer of options.transfer) buffer.transfer()
  return copy
}

const refused = (what: string): DOMException => new DOMException(`${what} could not be cloned.`, "DataCloneError")

/** `copies` leads from what has been met to its copy, so that cycles and things met twice stay what they are. */
const clone = (value: unknown, copies: Map<unknown, unknown>): unknown => {
  if (typeof value === "function" || typeof value === "symbol") throw refused(String(value).slice(0, 100))
  if (typeof value !== "object" || value === null) return value
  const known = copies.get(value)
  if (known !== undefined) return known
  const [copy, fill] = shallow(value, copies)
  copies.set(value, copy)
  fill?.()
  return copy
}

const shallow = (value: object, copies: Map<unknown, unknown>): [copy: unknown, fill?: () => void] => {
  if (Array.isArray(value)) {
    const copy = new Array(value.length)
    return [copy, () => fillFrom(value, copy, copies)]
  }
  if (value instanceof Date) return [new Date(value.getTime())]
  if (value instanceof RegExp) return [new RegExp(value.source, value.flags)]
  if (value instanceof Map) {
    const copy = new Map()
    const fill = (): void => {
      for (const [key, item] of [...value]) copy.set(clone(key, copies), clone(item, copies))
    }
    return [copy, fill]
  }
  if (value instanceof Set) {
    const copy = new Set()
    const fill = (): void => {
      for (const item of [...value]) copy.add(clone(item, copies))
    }
    return [copy, fill]
  }
  if (value instanceof ArrayBuffer) {
    if (value.detached) throw refused("A detached ArrayBuffer")
    return [value.slice(0)]
  }
  if (ArrayBuffer.isView(value)) {
    const buffer = clone(value.buffer, copies) as ArrayBuffer
    const View = value.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => unknown
    return [new View(buffer, value.byteOffset, value instanceof DataView ? value.byteLength : (value as Uint8Array).length)]
  }
  if (value instanceof DOMException) return [new DOMException(value.message, value.name)]
  if (value instanceof Error) return clonedError(value, copies)
  if (value instanceof Boolean || value instanceof Number || value instanceof String) return [Object(value.valueOf())]
  if (value instanceof BigInt) return [Object(BigInt.prototype.valueOf.call(value))]
  if (value instanceof Blob) return [value]
  if (value instanceof Symbol || uncloneable.some((type) => value instanceof type)) throw refused(Object.prototype.toString.call(value))
  // An object of a class of the web that has no data to copy.
  if (Symbol.toStringTag in value && !Object.hasOwn(value, Symbol.toStringTag)) throw refused(Object.prototype.toString.call(value))
  const copy = {}
  return [copy, () => fillFrom(value, copy, copies)]
}

const fillFrom = (value: object, copy: object, copies: Map<unknown, unknown>): void => {
  for (const key of Object.keys(value)) {
    const item = clone((value as Record<string, unknown>)[key], copies)
    Object.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true })
  }
}

const clonedError = (value: Error, copies: Map<unknown, unknown>): [copy: unknown, fill: () => void] => {
  const Type = Object.hasOwn(errors, String(value.name)) ? errors[String(value.name)]! : Error
  const copy = Object.hasOwn(value, "message") ? new Type(String(value.message)) : new Type()
  Object.defineProperty(copy, "stack", { value: value.stack, writable: true, configurable: true })
  return [
    copy,
    () => {
      if (Object.hasOwn(value, "cause"))
        Object.defineProperty(copy, "cause", { value: clone(value.cause, copies), writable: true, configurable: true })
    },
  ]
}
