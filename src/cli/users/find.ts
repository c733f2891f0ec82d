import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { User } from "../../http/api/contract/users.ts"
import type { Server } from "../client.ts"
import { CliError, usageError } from "../errors.ts"
import { exitCodes } from "../exitCodes.ts"
import { wholeList } from "../lists.ts"

export const user = Args.text({ name: "user" }).pipe(Args.withDescription("A username, in capitals or not, or a user's id."))

export const allUsers = ({ api }: Server, most: Option.Option<number> = Option.none()) =>
  wholeList(most, (urlParams) => api.users.list({ urlParams }))

/** The user who is meant. */
export const findUser = (server: Server, named: string) =>
  Effect.flatMap(allUsers(server), ({ items }): Effect.Effect<User, CliError> => {
    const byId = items.find(({ id }) => id === named)
    const byName = items.find(({ username }) => username.toLowerCase() === named.toLowerCase())
    // A name may look like an id, and what is done must not be done to somebody else.
    if (byId !== undefined && byName !== undefined && byId !== byName) {
      return usageError(`'${named}' is the name of one user and the id of another`, `say ${byName.id} or ${byId.username}`)
    }
    const found = byId ?? byName
    if (found !== undefined) return Effect.succeed(found)
    return new CliError({
      code: "USER_NOT_FOUND",
      message: `there is no user '${named}'`,
      hint: "`fazt users` lists them",
      exitCode: exitCodes.notFound,
    })
  })
