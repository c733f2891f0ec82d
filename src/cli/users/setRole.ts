import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions, sites } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { wordsOf } from "../words.ts"
import { findUser, user } from "./find.ts"
import { sitesOf } from "./list.ts"
import { role } from "./role.ts"

export const setRole = verb(
  "set-role",
  {
    summary: "Let a user do something else.",
    details: ["They are logged in anew, and their keys may no more than they do. A deployer has the sites that are named, and no others."],
    examples: ["fazt users set-role ann --role admin", "fazt users set-role bob --role deployer --sites blog,shop"],
  },
  { user, role, sites: sites("The sites of a deployer"), json, ...serverOptions },
  ({ user, role, sites, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { id } = yield* findUser(server, user)
        const { data } = yield* server.api.users.update({ path: { id: segment(id) }, payload: { role, sites: wordsOf(sites) } })
        const of = data.role === "deployer" ? ` of ${sitesOf(data)}` : ""
        yield* answer(json, data, ({ paint }) => `${paint.green("✓")} ${data.username} is ${data.role}${of} now`)
      }),
    ),
)
