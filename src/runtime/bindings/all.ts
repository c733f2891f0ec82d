import type { Binding } from "../host.ts"
import { consoleBinding } from "./console.ts"
import { dsBinding } from "./ds.ts"
import { envBinding } from "./env.ts"
import { fetchBinding } from "./fetch.ts"
import { kvBinding } from "./kv.ts"
import { realtimeBinding } from "./realtime.ts"
import { s3Binding } from "./s3.ts"
import { timersBinding } from "./timers.ts"
import { webBinding } from "./web.ts"

/** The host side of everything that user code finds. The order numbers the host functions, so it is the same in every thread. */
export const allBindings: ReadonlyArray<Binding> = [
  webBinding,
  consoleBinding,
  timersBinding,
  fetchBinding,
  kvBinding,
  dsBinding,
  s3Binding,
  envBinding,
  realtimeBinding,
]
