/** Puts a value on the global object the way that the web's own are there: code may replace it. */
export const define = (name: string, value: unknown): void => {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}
