import { type Answer, fail, reportUncaught, settleAnswer } from "./answer.ts"
import type { Call } from "./call.ts"
import { define as defineGlobal } from "./define.ts"
import { makeDs } from "./ds.ts"
import { beginRequest as beginEnv, makeEnv } from "./env.ts"
import { makeFazt } from "./fazt.ts"
import { installFetch } from "./fetch.ts"
import { apiHandler } from "./forms/api.ts"
import { legacyHandler } from "./forms/legacy.ts"
import { moduleHandler } from "./forms/module.ts"
import { settle } from "./host.ts"
import { makeKv } from "./kv.ts"
import { makeNet } from "./net.ts"
import { makeRealtime, makeSocket } from "./realtime.ts"
import { define, preload, requireFrom } from "./require.ts"
import { makeS3 } from "./s3.ts"
import { onUncaught } from "./timers.ts"
import { installWeb } from "./web/install.ts"
import { beginRequest as beginWeb } from "./web/internal.ts"

/** What every program finds on its global object. */
const global = globalThis as unknown as Record<string, unknown>
const expose = (values: Record<string, unknown>): void => {
  for (const [name, value] of Object.entries(values)) defineGlobal(name, value)
}

installWeb(global)
installFetch(global)
onUncaught(reportUncaught)

const kv = makeKv()
const ds = makeDs()
const s3 = makeS3()
const variables = makeEnv()
const realtime = makeRealtime()
const fazt = makeFazt({ kv, ds, s3, env: { get: variables.get, has: variables.has }, realtime, net: makeNet() })
expose({ kv, ds, s3, fazt, process: variables.process })

const bindings: Record<string | symbol, unknown> = Object.assign(Object.create(null), { kv, ds, s3, realtime, fazt })

/** `env` of a module's handler: the bindings, and each environment variable by its name. */
const env = new Proxy(bindings, {
  get: (target, name) => (name in target || typeof name === "symbol" ? target[name] : variables.get(name)),
  has: (target, name) => name in target || (typeof name === "string" && variables.has(name)),
  ownKeys: (target) => [...new Set([...Reflect.ownKeys(target), ...variables.names()])],
  getOwnPropertyDescriptor: (target, name) =>
    Reflect.getOwnPropertyDescriptor(target, name) ??
    (typeof name === "string" && variables.has(name)
      ? { value: variables.get(name), writable: true, enumerable: true, configurable: true }
      : undefined),
})

let handle: (call: Call) => Answer | PromiseLike<Answer>

/** One request. `headers` are names and values in turn, with line breaks between them. */
const dispatch = (method: string, url: string, headers: string, body: string | ArrayBuffer | undefined): void => {
  beginWeb()
  try {
    settleAnswer(handle({ method, url, headers, body: body ?? null }))
  } catch (error) {
    fail(error)
  }
}

const entry = {
  dispatch,
  settle,
  define,
  preload,
  startModule: (program: { readonly default?: unknown }): void => {
    handle = moduleHandler(program, env)
  },
  startApi: (run: () => unknown, path: string): void => {
    expose({ require: requireFrom(path) })
    handle = apiHandler(run)
  },
  startLegacy: (run: () => unknown): void => {
    expose({ db: makeKv({ missing: null }), socket: makeSocket() })
    handle = legacyHandler(run)
  },
  /** The last step before the image is taken: what is true of the site, and no way back into this object. */
  freeze: (app: { readonly site: string; readonly version: string }): void => {
    Object.assign(fazt.app, { id: app.site, name: app.site })
    Object.assign(fazt, { version: app.version })
    beginEnv()
    delete global.__fazt
  },
}
expose({ __fazt: entry })
// Who has these can call the host as no global does: they are gone before any code of a site runs.
for (const name of ["__ops", "__call", "__start"]) delete global[name]
// With nobody to share it with, it would only promise what is not there.
delete global.SharedArrayBuffer
