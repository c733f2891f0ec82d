/**
 * Puts values on an object the way the standards do: not enumerable, but replaceable. What is a function gets the name that it is
 * put under, because the bundler shortens names.
 */
export const define = (target: object, values: Readonly<Record<string, unknown>>): void => {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "function") named(value, name)
    Object.defineProperty(target, name, { value, writable: true, configurable: true })
  }
}

const named = (value: { readonly prototype?: object }, name: string): void => {
  Object.defineProperty(value, "name", { value: name, configurable: true })
  if (value.prototype) Object.defineProperty(value.prototype, Symbol.toStringTag, { value: name, configurable: true })
}
