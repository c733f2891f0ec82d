import * as Option from "effect/Option"
import type { Environment } from "../../src/config.ts"

/** An environment that says nothing; `configFolder` is where the CLI would keep its peers. */
export const silentEnvironment = (configFolder = "/nonexistent"): typeof Environment.Service => ({
  db: Option.none(),
  domain: Option.none(),
  port: Option.none(),
  masterKey: Option.none(),
  to: Option.none(),
  token: Option.none(),
  configFolder,
  noColor: true,
})
