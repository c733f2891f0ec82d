import { hostFunction } from "./host.ts"

const all = hostFunction<[], string>("env.all")

type Variables = Record<string, string>

/** Whether a request runs. While the memory image is made none does, and nothing of the environment may get into it. */
let isRunning = false
/** The request's variables, once it has asked for them. */
let values: Readonly<Variables> | undefined
/** What `process.env` shows in this request. */
let shown: Variables | undefined
/** What the site's code assigned to `process.env` while the image was made: its own text, so the image may hold it. */
const assigned: Variables = {}

const current = (): Readonly<Variables> => {
  if (!isRunning) return {}
  values ??= Object.freeze(JSON.parse(all()) as Variables)
  return values
}

/** To be called before each request runs: what the one before knew is forgotten. */
export const beginRequest = (): void => {
  isRunning = true
  values = undefined
  shown = undefined
}

const target = (): Variables => {
  if (!isRunning) return assigned
  shown ??= { ...assigned, ...current() }
  return shown
}

/**
 * `process.env`: one object for ever, so that code may keep it in a variable of its own, that shows each request the variables of
 * that request. Assignments are text, as in Node, and are gone with the request.
 */
const processEnv = (): Variables =>
  new Proxy<Variables>(
    {},
    {
      get: (_, name) => (typeof name === "string" ? Reflect.get(target(), name) : undefined),
      has: (_, name) => Object.hasOwn(target(), name),
      ownKeys: () => Reflect.ownKeys(target()),
      getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(target(), name),
      set: (_, name, value) => {
        Reflect.defineProperty(target(), name, { value: `${value}`, writable: true, enumerable: true, configurable: true })
        return true
      },
      defineProperty: (_, name, { value }) =>
        Reflect.defineProperty(target(), name, { value: `${value}`, writable: true, enumerable: true, configurable: true }),
      deleteProperty: (_, name) => Reflect.deleteProperty(target(), name),
      preventExtensions: () => false,
      setPrototypeOf: () => false,
    },
  )

/** A site's environment, as its code sees it. */
export interface Env {
  /** A variable's value; `undefined` if it is not set. */
  readonly get: (name: string) => string | undefined
  readonly has: (name: string) => boolean
  readonly names: () => ReadonlyArray<string>
  /** What the global `process` is to be. */
  readonly process: { readonly env: Variables }
}

export const makeEnv = (): Env => ({
  get: (name) => (Object.hasOwn(current(), name) ? current()[name] : undefined),
  has: (name) => Object.hasOwn(current(), name),
  names: () => Object.keys(current()),
  process: { env: processEnv() },
})
