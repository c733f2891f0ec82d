import * as Command from "@effect/cli/Command"
import { account } from "./account/account.ts"
import { api } from "./api.ts"
import { audit } from "./audit/audit.ts"
import { cat } from "./cat.ts"
import { config } from "./config/config.ts"
import { cors } from "./cors/cors.ts"
import { deleteSite } from "./delete.ts"
import { deploy } from "./deploy.ts"
import { deploys } from "./deploys.ts"
import { dev } from "./dev.ts"
import { diff } from "./diff.ts"
import { documents } from "./documents/documents.ts"
import { env } from "./env/env.ts"
import { files } from "./files.ts"
import { history } from "./history.ts"
import { join } from "./join.ts"
import { keys } from "./keys/keys.ts"
import { kv } from "./kv/kv.ts"
import { login } from "./login.ts"
import { logout } from "./logout.ts"
import { logs } from "./logs.ts"
import { metrics } from "./metrics.ts"
import { newSite } from "./new.ts"
import { objects } from "./objects/objects.ts"
import { open } from "./open.ts"
import { openapi } from "./openapi.ts"
import { peer } from "./peer/peer.ts"
import { projections } from "./projections/list.ts"
import { rollback } from "./rollback.ts"
import { server } from "./server/server.ts"
import { sites } from "./sites/sites.ts"
import { undelete } from "./undelete.ts"
import { users } from "./users/users.ts"
import { document } from "./verb.ts"
import { version } from "./version.ts"
import { whoami } from "./whoami.ts"

/** Everything the program can do, in the order in which help shows it. */
const verbs = [
  newSite,
  dev,
  deploy,
  sites,
  files,
  cat,
  deploys,
  history,
  diff,
  rollback,
  open,
  deleteSite,
  undelete,
  cors,
  env,
  kv,
  documents,
  objects,
  logs,
  users,
  keys,
  account,
  server,
  config,
  audit,
  projections,
  metrics,
  api,
  openapi,
  login,
  join,
  logout,
  whoami,
  peer,
  version,
] as const

const manual = {
  summary: "Fazt: a personal PaaS. One program, one file, and a history of everything.",
  details: ["`fazt <command> --help` tells more of a command. `fazt --completions bash` (zsh, fish) prints a completion script."],
  examples: ["fazt server start", "fazt deploy ./public --name hello", "fazt history hello", "fazt rollback hello"],
} as const

export const fazt = document(Command.make("fazt").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "fazt",
  manual,
  verbs,
  runs: false,
})
