import type { Binding, HostTable, Invocation } from "../host.ts"
import { consoleBinding } from "./console.ts"
import { dsBinding } from "./ds.ts"
import { type EngineHost, engineBinding } from "./engine.ts"
import { envBinding } from "./env.ts"
import { fetchBinding } from "./fetch.ts"
import { kvBinding } from "./kv.ts"
import { realtimeBinding } from "./realtime.ts"
import { s3Binding } from "./s3.ts"
import { timersBinding } from "./timers.ts"
import { webBinding } from "./web.ts"

const bindings: ReadonlyArray<Binding> = [
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

/** The host side of everything that user code finds. The order numbers the host functions, so it is the same in every thread. */
export const hostTable = (invocation: () => Invocation, engine: EngineHost): HostTable =>
  Object.assign({}, ...bindings.map((binding) => binding(invocation)), engineBinding(engine))
