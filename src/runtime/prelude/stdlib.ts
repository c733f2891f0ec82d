/**
 * The built-in packages that this image has evaluated. What is asked for while the image is made is in it; the rest costs the
 * request that asks first.
 */
const values = new Map<string, unknown>()

/** What `require(name)` gives for a built-in package. `source` fetches an expression whose value that is. */
export const stdlibValue = (name: string, source: (name: string) => string): unknown => {
  if (!values.has(name)) values.set(name, new Function(`return ${source(name)}`)())
  return values.get(name)
}
