interface Parts {
  readonly kv: object
  readonly ds: object
  readonly s3: object
  readonly env: object
  readonly realtime: object
  readonly net: object
}

/** The global `fazt`, under the names that it has had in all versions. */
export const makeFazt = ({ kv, ds, s3, env, realtime, net }: Parts) => {
  const storage = { kv, ds, s3 }
  const app = { id: "", name: "", ...storage }
  const log = {
    debug: (...args: ReadonlyArray<unknown>) => console.debug(...args),
    info: (...args: ReadonlyArray<unknown>) => console.info(...args),
    warn: (...args: ReadonlyArray<unknown>) => console.warn(...args),
    error: (...args: ReadonlyArray<unknown>) => console.error(...args),
  }
  return { app, env, log, storage, realtime, net, version: "" }
}
