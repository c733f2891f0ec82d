import { spawn } from "node:child_process"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Server } from "./client.ts"
import { segment, withServer } from "./connection.ts"
import { CliError } from "./errors.ts"
import { exitCodes } from "./exitCodes.ts"
import { given, json, serverOptions, site } from "./options.ts"
import { answer, note } from "./output.ts"
import { verb } from "./verb.ts"

const deploy = Options.text("deploy").pipe(
  Options.withPseudoName("id"),
  Options.withDescription("One deploy's own address, by its id or its beginning."),
  Options.optional,
)
const browser = Options.boolean("browser").pipe(Options.withDescription("Also show it in the browser."))

export const open = verb(
  "open",
  {
    summary: "Print a site's address.",
    details: ["Every deploy keeps an address of its own, whichever is live."],
    examples: ["fazt open hello", "fazt open hello --deploy 4k2j", "fazt open hello --browser"],
  },
  { site, deploy, browser, json, ...serverOptions },
  ({ site, deploy, browser, json, ...options }) =>
    Effect.gen(function* () {
      const url = yield* withServer(options, (server) =>
        Option.isSome(deploy) ? previewUrl(server, site, deploy.value) : liveUrl(server, site),
      )
      yield* answer(json, { url }, () => url)
      if (browser) yield* show(url)
    }),
)

const liveUrl = ({ api }: Server, site: string) => Effect.map(api.sites.get({ path: { site: segment(site) } }), ({ data }) => data.url)

const previewUrl = ({ api }: Server, site: string, deploy: string) =>
  Effect.gen(function* () {
    let before = Option.none<number>()
    for (;;) {
      const { data, meta } = yield* api.deploys.history({
        path: { site: segment(site) },
        urlParams: { limit: 1000, ...given("before", before) },
      })
      const found = data.find((entry) => entry.preview_url !== null && entry.deploy?.startsWith(deploy))
      if (found?.preview_url) return found.preview_url
      if (meta.next === null) break
      before = Option.some(Number(meta.next))
    }
    return yield* new CliError({ code: "DEPLOY_NOT_FOUND", message: `${site} has no deploy ${deploy}`, exitCode: exitCodes.notFound })
  })

const show = (url: string) =>
  Effect.async<boolean>((resume) => {
    const child = spawn(process.platform === "darwin" ? "open" : "xdg-open", [url], { stdio: "ignore", detached: true })
    child.once("error", () => resume(Effect.succeed(false)))
    child.once("spawn", () => {
      child.unref()
      resume(Effect.succeed(true))
    })
  }).pipe(Effect.flatMap((shown) => (shown ? Effect.void : note("no browser could be started: open the address yourself"))))
