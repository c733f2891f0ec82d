import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import type { SessionView } from "../../http/api/contract/account.ts"
import { segment, withAccount } from "../connection.ts"
import { ago, minute } from "../format.ts"
import { andMore, most, wholeList } from "../lists.ts"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { type Look, table } from "../table.ts"
import { verb } from "../verb.ts"
import { accountOptions, whose } from "./options.ts"

export const sessions = verb(
  "sessions",
  { summary: "List where one is logged in.", details: [whose], examples: ["fazt account sessions"] },
  { most, json, ...accountOptions },
  ({ most, json, ...options }) =>
    withAccount(options, ({ server: { api } }) =>
      Effect.flatMap(
        wholeList(most, (urlParams) => api.account.sessions({ urlParams })),
        (whole) =>
          answer(json, whole.items, (look, now) =>
            whole.items.length === 0 ? "There are no sessions." : sessionTable(whole.items, look, now) + andMore(whole, look),
          ),
      ),
    ),
)

const columns = [
  { title: "ID" },
  { title: "" },
  { title: "LOGGED IN BY" },
  { title: "BEGAN" },
  { title: "SEEN" },
  { title: "UNTIL" },
  { title: "FROM" },
  { title: "WITH" },
]

const sessionTable = (sessions: ReadonlyArray<SessionView>, look: Look, now: number): string =>
  table(
    columns,
    sessions.map(({ id, current, method, started_at, last_seen_at, expires_at, address, agent }) => [
      { text: id, paint: look.paint.bold },
      { text: current ? "this one" : "", paint: look.paint.green },
      method.replaceAll("_", " "),
      ago(Date.parse(started_at), now),
      ago(Date.parse(last_seen_at), now),
      minute(Date.parse(expires_at)),
      address ?? "",
      agent ?? "",
    ]),
    look,
  )

const id = Args.text({ name: "id" }).pipe(Args.withDescription("The session's id, as `fazt account sessions` shows it."))

export const endSession = verb(
  "end-session",
  { summary: "End one of one's own sessions.", details: [whose], examples: ["fazt account end-session 3f0c9a2b7d11"] },
  { id, json, ...accountOptions },
  ({ id, json, ...options }) =>
    withAccount(options, ({ server: { api } }) =>
      Effect.flatMap(api.account.endSession({ path: { id: segment(id) } }), ({ data }) =>
        answer(json, { id, ...data }, ({ paint }) => `${paint.green("✓")} session ${id} has ended`),
      ),
    ),
)

export const endSessions = verb(
  "end-sessions",
  { summary: "End all of one's own sessions but the one that asks.", details: [whose], examples: ["fazt account end-sessions"] },
  { json, ...accountOptions },
  ({ json, ...options }) =>
    withAccount(options, ({ server: { api } }) =>
      Effect.flatMap(api.account.endSessions({}), ({ data }) => answer(json, data, ({ paint }) => `${paint.green("✓")} ${data.message}`)),
    ),
)
