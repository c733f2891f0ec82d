import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Cors } from "../../http/api/contract/sites.ts"
import { segment, withServer } from "../connection.ts"
import { duration } from "../format.ts"
import { parseTime } from "../lifetime.ts"
import { json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { type Look, pairs } from "../table.ts"
import { document, verb } from "../verb.ts"
import { wordsOf } from "../words.ts"

const render = (site: string, { origins, methods, headers, credentials, max_age }: Cors, look: Look): string =>
  origins.length === 0
    ? `No pages of other origins may call the code of ${site}.`
    : pairs(
        [
          ["Origins", origins.join(", ")],
          ["Methods", methods === null ? "whatever browsers ask for" : methods.join(", ")],
          ["Headers", headers === null ? "whatever browsers ask for" : headers.join(", ")],
          ["Cookies", credentials ? "are sent along" : "are not sent"],
          ["Relied on for", max_age === null ? "as long as browsers do by themselves" : duration(max_age * 1000)],
        ],
        look,
      )

const show = verb(
  "show",
  { summary: "Show which pages of other origins may call a site's code.", examples: ["fazt cors show hello"] },
  { site, json, ...serverOptions },
  ({ site, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.sites.cors({ path: { site: segment(site) } }), ({ data }) =>
        answer(json, data, (look) => render(site, data, look)),
      ),
    ),
)

const origins = Args.text({ name: "origin" }).pipe(
  Args.withDescription("Scheme, host and port of the pages, such as https://app.example.com; * for all."),
  Args.atLeast(1),
)

const names = (option: string, description: string) =>
  Options.text(option).pipe(Options.withPseudoName("names"), Options.withDescription(description), Options.repeated)

const maxAge = Options.text("max-age").pipe(
  Options.withSchema(
    Schema.String.pipe(
      Schema.filter((text) => Number.isInteger((parseTime(text) ?? 0.5) / 1000) || "--max-age is a time such as 90s, 15m or 2h"),
    ),
  ),
  Options.withPseudoName("time"),
  Options.withDescription("How long browsers may rely on it: 90s, 15m, at most 1d."),
  Options.optional,
)

const set = verb(
  "set",
  {
    summary: "Let pages of other origins call a site's code.",
    details: ["Takes the place of what was set before. Files follow the site's _headers."],
    examples: [
      "fazt cors set hello https://app.example.com http://localhost:3000",
      "fazt cors set hello '*' --methods GET,POST --max-age 2h",
      "fazt cors set hello https://app.example.com --credentials",
    ],
  },
  {
    site,
    origins,
    methods: names("methods", "The only methods, such as GET,POST (default: what browsers ask for)."),
    headers: names("headers", "The only headers that requests may have (default: what browsers ask for)."),
    credentials: Options.boolean("credentials").pipe(Options.withDescription("Let the visitor's cookies be sent along.")),
    maxAge,
    json,
    ...serverOptions,
  },
  ({ site, origins, methods, headers, credentials, maxAge, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.gen(function* () {
        const listed = (texts: ReadonlyArray<string>) => (texts.length === 0 ? null : wordsOf(texts))
        const payload = {
          origins: wordsOf(origins),
          methods: listed(methods),
          headers: listed(headers),
          credentials,
          max_age: Option.getOrNull(Option.map(maxAge, (text) => parseTime(text)! / 1000)),
        }
        const { data } = yield* api.sites.setCors({ path: { site: segment(site) }, payload })
        yield* answer(json, data, (look) => render(site, data, look))
      }),
    ),
)

const unset = verb(
  "unset",
  { summary: "Let no pages of other origins call a site's code any more.", examples: ["fazt cors unset hello"] },
  { site, json, ...serverOptions },
  ({ site, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.sites.unsetCors({ path: { site: segment(site) } }), ({ data }) =>
        answer(json, { site, ...data }, ({ paint }) => `${paint.green("✓")} no pages of other origins may call the code of ${site}`),
      ),
    ),
)

const verbs = [show, set, unset] as const
const manual = {
  summary: "Say which pages of other origins may call a site's code (CORS).",
  examples: ["fazt cors show hello", "fazt cors set hello https://app.example.com"],
} as const

export const cors = document(Command.make("cors").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "cors",
  manual,
  verbs,
  runs: false,
})
