/** What user code is refused with, before the host is asked. */
export const failure = (code: string, message: string): Error => Object.assign(new TypeError(message), { code })

/** A key or path: a string, or a number as it is written. */
export const keyText = (key: unknown, code: string, what: string): string => {
  if (typeof key === "number") return String(key)
  if (typeof key !== "string") throw failure(code, `${what} has to be a string.`)
  // Neither would come through to the host as it is.
  if (key.includes("\0") || !key.isWellFormed()) throw failure(code, `${what} has a character in it that is not allowed.`)
  return key
}
