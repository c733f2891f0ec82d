import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { TrustedProxies } from "../clientOf.ts"
import { Settings } from "../Settings.ts"
import { type AddressRate, addressRate } from "./addressRate.ts"
import { type ApiRates, apiRates } from "./apiRates.ts"
import { type ConnectionGate, connectionGate } from "./connections.ts"
import { type SlowBodies, slowBodies } from "./slowBodies.ts"

/** What stands before a listener's handler. */
export interface EdgeGuard {
  /** The same object until the setting changes. */
  readonly trusted: () => TrustedProxies
  readonly connections: ConnectionGate
  readonly bodies: SlowBodies
  readonly requests: AddressRate
}

/** How much clients may ask of the server; each of its listeners counts here. */
export class Limits extends Context.Tag("fazt/Limits")<Limits, EdgeGuard & { readonly api: ApiRates }>() {
  static readonly layer: Layer.Layer<Limits, never, Settings> = Layer.effect(
    Limits,
    Effect.map(Settings, ({ clientLimits }) => ({
      trusted: () => clientLimits().trusted,
      connections: connectionGate(clientLimits),
      bodies: slowBodies(clientLimits),
      requests: addressRate(clientLimits),
      api: apiRates(() => clientLimits().apiPerMinute),
    })),
  )
}
