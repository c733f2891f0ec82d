import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import { accessQueries, type KeyRow } from "../../projections/access.ts"
import { Reads } from "../Reads.ts"
import { Api, type ApiKey, Caller } from "./Api.ts"
import { refuse } from "./failures.ts"
import { newKey } from "./newKey.ts"
import { time } from "./views.ts"

const keyView = ({ key, name, scopes, created_at, revoked_at }: KeyRow): ApiKey => ({
  id: key,
  name,
  scopes,
  created_at: time(created_at),
  revoked_at: revoked_at === null ? null : time(revoked_at),
})

export const keysLayer = HttpApiBuilder.group(Api, "keys", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const { db } = yield* Reads
    const access = accessQueries(db)

    return handlers
      .handle("list", () => Effect.sync(() => ({ data: access.keys().map(keyView) })))
      .handle("create", ({ payload: { name, scopes } }) =>
        Effect.gen(function* () {
          const { token, command } = newKey(name, scopes)
          yield* commands.handle(command, yield* Caller)
          return { data: { id: command.key, name, scopes, token } }
        }).pipe(refuse),
      )
      .handle("revoke", ({ path: { id } }) =>
        Effect.gen(function* () {
          yield* commands.handle({ _tag: "RevokeKey", key: id }, yield* Caller)
          return { data: { message: `The key ${id} is revoked.` } }
        }).pipe(refuse),
      )
  }),
)
