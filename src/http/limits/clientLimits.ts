import type { SettingKey } from "../../commands/config.ts"
import { trustedProxies } from "../clientOf.ts"
import type { AddressRateLimits } from "./addressRate.ts"
import type { ApiRateLimits } from "./apiRates.ts"
import type { ConnectionLimits } from "./connections.ts"
import type { BodyPace } from "./slowBodies.ts"

/** What clients may, as the settings say. */
export interface ClientLimits extends ConnectionLimits, AddressRateLimits, BodyPace {
  readonly apiPerMinute: ApiRateLimits
}

/** Reads the settings once; the lists and numbers in them are then at hand for each request. */
export const clientLimits = (number: (key: SettingKey) => number, text: (key: SettingKey) => string): ClientLimits => ({
  trusted: trustedProxies(text("server.trusted_proxies")),
  connections: number("limits.connections"),
  addressConnections: number("limits.address_connections"),
  addressRequestsPerSecond: number("limits.address_requests_per_second"),
  slowBodySeconds: number("limits.slow_body_seconds"),
  slowBodyBytesPerSecond: number("limits.slow_body_bytes_per_second"),
  apiPerMinute: {
    auth: number("limits.api_auth_per_minute"),
    write: number("limits.api_write_per_minute"),
    read: number("limits.api_read_per_minute"),
    upload: number("limits.api_upload_per_minute"),
  },
})
