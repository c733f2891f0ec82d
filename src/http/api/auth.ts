import { hash, timingSafeEqual } from "node:crypto"
import type { IncomingMessage } from "node:http"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Scope } from "../../events/access.ts"
import { accessQueries, type KeyRow } from "../../projections/access.ts"
import { Reads } from "../Reads.ts"
import { type Caller, MayAdminister, MayDeploy, MayRead } from "./Api.ts"
import { type Failure, Forbidden, Unauthorized } from "./envelope.ts"
import { isLocal } from "./local.ts"
import { requestId } from "./requestId.ts"

/** Which scopes grant a scope. */
const granting: Readonly<Record<Scope, ReadonlyArray<Scope>>> = {
  read: ["read", "deploy", "admin"],
  deploy: ["deploy", "admin"],
  admin: ["admin"],
}

const keyForm = /^fazt_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/

const bearer = /^Bearer +(\S+)$/i

/** The SHA-256 (hex) under which a key's secret is kept. */
export const secretHash = (secret: string): string => hash("sha256", secret, "hex")

/** The key that a token belongs to, if it is a good one. Looked up by id; the secret is compared in constant time. */
const verifyToken = (findKey: (id: string) => KeyRow | undefined, token: string): KeyRow | undefined => {
  const [, id, secret] = keyForm.exec(token) ?? []
  if (id === undefined || secret === undefined) return undefined
  const key = findKey(id)
  if (key === undefined || key.revoked_at !== null) return undefined
  return timingSafeEqual(Buffer.from(secretHash(secret)), Buffer.from(key.secretHash)) ? key : undefined
}

/** Who sends this request, or why that cannot be. The API's middleware and the classic deploy route both ask here. */
export class Authentication extends Context.Tag("fazt/Authentication")<
  Authentication,
  { readonly check: (req: IncomingMessage, needs: Scope) => Effect.Effect<Context.Tag.Service<Caller>, Failure> }
>() {
  static readonly layer: Layer.Layer<Authentication, never, Reads> = Layer.effect(
    Authentication,
    Effect.gen(function* () {
      const { db } = yield* Reads
      const { key: findKey } = accessQueries(db)
      return {
        check: (req, needs) =>
          Effect.suspend((): Effect.Effect<Context.Tag.Service<Caller>, Failure> => {
            const cause = requestId(req)
            if (isLocal(req)) return Effect.succeed({ actor: "owner", cause, key: undefined })
            const token = bearer.exec(req.headers.authorization ?? "")?.[1]
            if (token === undefined) return Effect.fail(missing)
            const key = verifyToken(findKey, token)
            if (key === undefined) return Effect.fail(invalid)
            if (!granting[needs].some((scope) => key.scopes.includes(scope))) return Effect.fail(outOfScope(key, needs))
            return Effect.succeed({ actor: `key:${key.key}`, cause, key: key.key })
          }),
      }
    }),
  )
}

const missing = Unauthorized.make({
  code: "UNAUTHORIZED",
  message: "This needs an API key: send `Authorization: Bearer <key>`. `fazt server create-key --name <name>` makes one.",
})

const invalid = Unauthorized.make({ code: "INVALID_API_KEY", message: "This API key does not exist or has been revoked." })

const outOfScope = (key: KeyRow, needs: Scope) =>
  Forbidden.make({ code: "FORBIDDEN", message: `The key "${key.name}" has the scopes ${key.scopes.join(", ")}, and this needs ${needs}.` })

const implementation = (needs: Scope) =>
  Effect.map(Authentication, ({ check }) => ({
    // The token that the framework hands over is whatever stands behind the seventh character of the header.
    bearer: () =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => check(NodeHttpServerRequest.toIncomingMessage(request), needs)),
  }))

export const authLayer = Layer.mergeAll(
  Layer.effect(MayRead, implementation("read")),
  Layer.effect(MayDeploy, implementation("deploy")),
  Layer.effect(MayAdminister, implementation("admin")),
)
