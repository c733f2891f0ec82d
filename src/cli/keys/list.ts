import * as Effect from "effect/Effect"
import type { ApiKey } from "../../http/api/contract/keys.ts"
import { withServer } from "../connection.ts"
import { ago, minute } from "../format.ts"
import { andMore, most, wholeList } from "../lists.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { type Cell, type Look, table } from "../table.ts"
import { verb } from "../verb.ts"

/** Lists the keys; `words` are those by which the verb is called. */
export const listVerb = <const Name extends string>(called: Name, words: string) =>
  verb(
    called,
    {
      summary: "List the API keys.",
      details: ["One's own; whoever manages users sees everybody's. Revoked ones stay in the list."],
      examples: [`fazt ${words}`, `fazt ${words} --json | jq -r '.[].id'`],
    },
    { most, json, ...serverOptions },
    ({ most, json, ...options }) =>
      withServer(options, ({ api }) =>
        Effect.flatMap(
          wholeList(most, (urlParams) => api.keys.list({ urlParams })),
          (whole) =>
            answer(json, whole.items, (look, now) => {
              if (whole.items.length === 0) return "There are no API keys: make one with `fazt keys create --name <name>`."
              return keyTable(whole.items, look, now) + andMore(whole, look)
            }),
        ),
      ),
  )

const columns = [
  { title: "ID" },
  { title: "NAME" },
  { title: "SCOPES" },
  { title: "SITES" },
  { title: "BY" },
  { title: "CREATED" },
  { title: "USED" },
  { title: "ENDS" },
]

const keyTable = (keys: ReadonlyArray<ApiKey>, look: Look, now: number): string =>
  table(
    columns,
    keys.map((key): ReadonlyArray<Cell> => {
      const paint = hasEnded(key, now) ? look.paint.dim : (text: string) => text
      const cells = [
        key.id,
        key.name,
        key.scopes.join(", "),
        sitesOf(key),
        key.user,
        ago(Date.parse(key.created_at), now),
        usedAt(key, now),
        endOf(key, now),
      ]
      return cells.map((text) => ({ text, paint }))
    }),
    look,
  )

const hasEnded = ({ revoked_at, expires_at }: ApiKey, now: number): boolean =>
  revoked_at !== null || (expires_at !== null && Date.parse(expires_at) <= now)

export const sitesOf = ({ sites }: ApiKey): string => (sites === null ? "all" : sites.join(", "))

export const usedAt = ({ last_used_at }: ApiKey, now: number): string =>
  last_used_at === null ? "never" : ago(Date.parse(last_used_at), now)

/** When a key ends or has ended. */
export const endOf = ({ revoked_at, expires_at }: ApiKey, now: number): string => {
  if (revoked_at !== null) return `revoked ${ago(Date.parse(revoked_at), now)}`
  if (expires_at === null) return "never"
  const end = Date.parse(expires_at)
  return end <= now ? `expired ${ago(end, now)}` : minute(end)
}
