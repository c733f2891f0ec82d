import type { Role } from "../../src/events/accounts.ts"
import { askLocally } from "./api.ts"
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

let invited = 0

/** Invites somebody with this role, and has them join. */
export const join = async (server: TestServer, role: Role, sites: ReadonlyArray<string> = []): Promise<Person> => {
  const body = JSON.stringify({ role, sites })
  const invitation = await askLocally(server, "/api/invitations", { method: "POST", body, headers: { "content-type": "application/json" } })
  if (invitation.status !== 201) throw new Error(`${invitation.status} ${invitation.text}`)
  const { code } = JSON.parse(invitation.text).data
  const username = `${role}${invited++}`
  const password = `of ${role} ${invited}, long enough`
  const answer = await send(server, undefined, "POST", `/api/auth/invite/${code}`, { username, password })
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`)
  return person(server, { id: answer.json.data.user.id, username, password, cookie: cookiesOf(answer) })
}
