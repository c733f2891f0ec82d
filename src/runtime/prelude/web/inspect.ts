/** How deep objects inside objects are shown. */
const depthLimit = 4
/** How many things one call shows: an object that is too large to read must not use up the request's time. */
const thingLimit = 2_000
const itemLimit = 100
const lineWidth = 76

interface State {
  readonly path: Array<object>
  readonly circular: Map<object, number>
  readonly depth: number
  left: number
}

/** Any value as a person reads it, much as other runtimes print it. Never throws, and never calls user code's getters. */
export const inspect = (value: unknown, depth = depthLimit): string => {
  try {
    return show(value, { path: [], circular: new Map(), depth, left: thingLimit })
  } catch (error) {
    return `<cannot be shown: ${String((error as Error | undefined)?.message)}>`
  }
}

/** Shows of an object what its class keeps private: set for the classes of the web. */
export const shown = new WeakMap<object, (value: never) => unknown>()

const show = (value: unknown, state: State): string => {
  if (typeof value === "string") return quote(value)
  if (typeof value === "bigint") return `${value}n`
  if (Object.is(value, -0)) return "-0"
  if (typeof value === "symbol" || (typeof value !== "object" && typeof value !== "function") || value === null) return String(value)
  if (state.path.includes(value)) {
    const number = state.circular.get(value) ?? state.circular.size + 1
    state.circular.set(value, number)
    return `[Circular *${number}]`
  }
  if (--state.left < 0) return "…"
  state.path.push(value)
  const text = showObject(value, state)
  state.path.pop()
  const circle = state.circular.get(value)
  return circle === undefined ? text : `<ref *${circle}> ${text}`
}

const quote = (text: string): string => {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes("`") ? "`" : "'"
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark
}

const showObject = (value: object, state: State): string => {
  const name = classOf(value)
  const base = baseOf(value, name)
  const open = shownBy(value)
  if (state.path.length > state.depth + 1 && base === undefined)
    return Array.isArray(value) ? "[Array]" : `[${name ?? "Object: null prototype"}]`
  const list = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
  const entries =
    open === undefined ? [...itemsOf(value, state), ...propertiesOf(value, state)] : propertiesOf(open(value as never) as object, state)
  if (base !== undefined) return entries.length === 0 ? base : `${base} ${wrapped(entries, "{", "}")}`
  const size = list || value instanceof Map || value instanceof Set ? `(${sizeOf(value)})` : ""
  const prefix = name === undefined ? "[Object: null prototype] " : name === (list ? "Array" : "Object") ? "" : `${name}${size} `
  const [left, right] = list ? ["[", "]"] : ["{", "}"]
  return entries.length === 0 ? `${prefix}${left}${right}` : prefix + wrapped(entries, left!, right!)
}

const sizeOf = (value: object): number => (value as { length?: number; size?: number }).length ?? (value as { size: number }).size

const shownBy = (value: object): ((value: never) => unknown) | undefined => {
  for (let proto = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) {
    const found = shown.get(proto)
    if (found !== undefined) return found
  }
  return undefined
}

const classOf = (value: object): string | undefined => {
  const proto = Object.getPrototypeOf(value)
  if (proto === null) return undefined
  const tag = valueIn(value, Symbol.toStringTag)
  const name = valueIn(valueIn(proto, "constructor"), "name")
  const known = typeof name === "string" && name !== "" ? name : "Object"
  return typeof tag === "string" && tag !== "" && tag !== known ? `${known} [${tag}]` : known
}

/** A property's value, without running a getter. */
const valueIn = (value: unknown, key: PropertyKey): unknown => {
  for (
    let at = value as object | null;
    at !== null && (typeof at === "object" || typeof at === "function");
    at = Object.getPrototypeOf(at)
  ) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key)
    if (descriptor !== undefined) return descriptor.value
  }
  return undefined
}

/** What stands for the object itself, where it is more than its properties. */
const baseOf = (value: object, name: string | undefined): string | undefined => {
  if (typeof value === "function") return functionText(value, name)
  if (value instanceof Error) return errorText(value)
  if (value instanceof RegExp) return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString()
  if (value instanceof Number || value instanceof String || value instanceof Boolean)
    return `[${name}: ${show(value.valueOf(), { ...fresh })}]`
  if (value instanceof WeakMap || value instanceof WeakSet) return `${name} { <items unknown> }`
  return undefined
}

const fresh: State = { path: [], circular: new Map(), depth: 0, left: 1 }

const functionText = (value: object, kind: string | undefined): string => {
  const name = valueIn(value, "name")
  if (/^class\b/.test(Function.prototype.toString.call(value))) {
    const parent = valueIn(Object.getPrototypeOf(value), "name")
    return `[class ${name || "(anonymous)"}${typeof parent === "string" && parent !== "" ? ` extends ${parent}` : ""}]`
  }
  return `[${kind?.replace(/ .*/, "")}${name ? `: ${String(name)}` : " (anonymous)"}]`
}

/** Name and message; then where it was thrown, which the engine keeps apart. */
const errorText = (error: Error): string => {
  const head = error.message === "" ? String(error.name) : `${error.name}: ${error.message}`
  const stack = typeof error.stack === "string" ? error.stack.trimEnd() : ""
  return stack === "" ? `[${head}]` : stack.startsWith(head) ? stack : `${head}\n${stack}`
}

const itemsOf = (value: object, state: State): Array<string> => {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    const array = value as unknown as ArrayLike<unknown>
    const shownItems: Array<string> = []
    let i = 0
    while (i < array.length && shownItems.length < itemLimit) {
      if (i in array) shownItems.push(show(array[i++], state))
      else {
        const from = i
        while (i < array.length && !(i in array)) i++
        shownItems.push(`<${i - from} empty item${i - from > 1 ? "s" : ""}>`)
      }
    }
    return withRest(shownItems, array.length - i)
  }
  if (value instanceof Map)
    return withRest(
      firstOf(value.entries()).map(([key, item]) => `${show(key, state)} => ${show(item, state)}`),
      value.size - itemLimit,
    )
  if (value instanceof Set)
    return withRest(
      firstOf(value.values()).map((item) => show(item, state)),
      value.size - itemLimit,
    )
  if (value instanceof ArrayBuffer) return [`byteLength: ${value.byteLength}`]
  return []
}

const firstOf = <Item>(items: Iterator<Item>): Array<Item> => {
  const first: Array<Item> = []
  for (let next = items.next(); !next.done && first.length < itemLimit; next = items.next()) first.push(next.value)
  return first
}

const withRest = (items: Array<string>, rest: number): Array<string> =>
  rest > 0 ? [...items, `... ${rest} more item${rest > 1 ? "s" : ""}`] : items

const hidden: Readonly<Record<string, true>> = { stack: true, message: true, name: true }

const propertiesOf = (value: object, state: State): Array<string> => {
  const isList = Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof String
  const lines: Array<string> = []
  for (const key of Reflect.ownKeys(value)) {
    if (isList && typeof key === "string" && /^\d+$/.test(key)) continue
    const descriptor = Object.getOwnPropertyDescriptor(value, key)
    const isCause = key === "cause" && value instanceof Error
    if (descriptor === undefined || (!descriptor.enumerable && !isCause)) continue
    if (value instanceof Error && typeof key === "string" && hidden[key]) continue
    if (lines.length === itemLimit) return withRest(lines, 1)
    const name = typeof key === "symbol" ? String(key) : isCause ? "[cause]" : /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)
    const accessors = [descriptor.get && "Getter", descriptor.set && "Setter"].filter(Boolean)
    lines.push(`${name}: ${accessors.length > 0 ? `[${accessors.join("/")}]` : show(descriptor.value, state)}`)
  }
  return lines
}

const wrapped = (entries: ReadonlyArray<string>, left: string, right: string): string => {
  const length = entries.reduce((sum, entry) => sum + entry.length + 2, 0)
  if (length <= lineWidth && !entries.some((entry) => entry.includes("\n"))) return `${left} ${entries.join(", ")} ${right}`
  return `${left}\n  ${entries.map((entry) => entry.replaceAll("\n", "\n  ")).join(",\n  ")}\n${right}`
}
