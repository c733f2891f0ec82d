import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { clientOf } from "../clientOf.ts"
import { Settings } from "../Settings.ts"
import { lifetimes, type NewSession } from "./Sessions.ts"
import { giveCookies, takeCookies } from "./sessionCookie.ts"

/** Gives a session's cookie to the browser with the answer of a request, and takes it away. */
export class Cookies extends Context.Tag("fazt/Cookies")<
  Cookies,
  {
    readonly give: (request: HttpServerRequest.HttpServerRequest, session: NewSession) => void
    readonly take: (request: HttpServerRequest.HttpServerRequest) => void
    /** By which scheme the client came. */
    readonly scheme: (request: HttpServerRequest.HttpServerRequest) => "http" | "https"
  }
>() {
  static readonly layer: Layer.Layer<Cookies, never, Settings> = Layer.effect(
    Cookies,
    Effect.map(Settings, (settings) => {
      const scheme = (request: HttpServerRequest.HttpServerRequest) =>
        clientOf(NodeHttpServerRequest.toIncomingMessage(request), settings.clientLimits().trusted).scheme
      const set = (request: HttpServerRequest.HttpServerRequest, values: ReadonlyArray<string>): void => {
        NodeHttpServerRequest.toServerResponse(request).setHeader("set-cookie", values)
      }
      return {
        scheme,
        give: (request, { token, remembered }) =>
          set(request, giveCookies(token, scheme(request), remembered ? lifetimes.remembered.absolute / 1000 : undefined)),
        take: (request) => set(request, takeCookies(scheme(request))),
      }
    }),
  )
}
