import { randomBytes } from "node:crypto"
import * as Effect from "effect/Effect"
import { Commands } from "../../src/commands/Commands.ts"
import type { Role } from "../../src/events/accounts.ts"
import { newInvitation } from "../../src/http/accounts/Joining.ts"
import { secretHash } from "../../src/http/api/secrets.ts"
import { type Answer, type Ask, owner, type TestServer } from "./server.ts"

/** The cookies of an answer, as a browser sends them back. */
export const cookiesOf = ({ headers }: Pick<Answer, "headers">): string =>
  (headers["set-cookie"] ?? [])
    .map((cookie) => cookie.split(";", 1)[0]!)
    .filter((pair) => !pair.endsWith("="))
    .join("; ")

/** Sends JSON as a page of the server itself would, with these cookies. */
export const send = (
  server: Pick<TestServer, "ask">,
  cookie: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  more: Ask = {},
) =>
  server.ask(path, {
    ...more,
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(cookie === undefined ? {} : { cookie }),
      ...more.headers,
    },
  })

/** Somebody with an account, logged in. */
export interface Person {
  readonly id: string
  readonly username: string
  readonly password: string
  readonly cookie: string
  readonly get: (path: string) => Promise<Answer>
  readonly post: (path: string, body?: unknown) => Promise<Answer>
  readonly send: (method: string, path: string, body?: unknown) => Promise<Answer>
}

const person = (server: Pick<TestServer, "ask">, who: Pick<Person, "id" | "username" | "password" | "cookie">): Person => ({
  ...who,
  get: (path) => send(server, who.cookie, "GET", path),
  post: (path, body = {}) => send(server, who.cookie, "POST", path, body),
  send: (method, path, body) => send(server, who.cookie, method, path, body),
})

export const logIn = async (
  server: Pick<TestServer, "ask">,
  username: string = owner.username,
  password: string = owner.password,
  more: Record<string, unknown> = {},
): Promise<Person> => {
  const answer = await send(server, undefined, "POST", "/api/login", { username, password, ...more })
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  return person(server, { id: answer.json.data.user.id, username, password, cookie: cookiesOf(answer) })
}

let joined = 0

/** The password of everybody who joins by `join`: that of the owner, whose hash is at hand. */
const { password, hash } = owner

/** Somebody with this role, as if they had taken up an invitation and logged in; without the time that hashing a password takes. */
export const join = async (server: Pick<TestServer, "ask" | "run">, role: Role, sites: ReadonlyArray<string> = []): Promise<Person> => {
  const id = randomBytes(6).toString("hex")
  const username = `${role}${joined++}`
  const now = Date.now()
  const { code: _, ...invitation } = newInvitation()
  const ref = `user/${id}/password/test`
  const token = randomBytes(32).toString("base64url")
  const asker = { actor: "owner", cause: "test" }
  const session = { session: randomBytes(6).toString("hex"), user: id, secretHash: secretHash(token), method: "invitation" } as const
  await server.run(
    Effect.gen(function* () {
      const commands = yield* Commands
      yield* commands.handle({ _tag: "InviteUser", ...invitation, role, sites, expires: now + 60_000, by: "local", now }, asker)
      const accept = { _tag: "AcceptInvitation", ...invitation, user: id, username, password: ref, now } as const
      yield* commands.handle(accept, asker, [{ ref, secret: hash }])
      yield* commands.handle({ _tag: "StartSession", ...session, expires: now + 3_600_000, idle: 3_600_000 }, asker)
    }),
  )
  return person(server, { id, username, password, cookie: `fazt_session=${token}` })
}
