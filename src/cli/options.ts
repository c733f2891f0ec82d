import { resolve } from "node:path"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { defaultDb, Environment } from "../config.ts"

const serverNamed = (name: string) =>
  Options.text(name).pipe(Options.withPseudoName("server"), Options.withDescription("The server: a URL, a host or a saved peer (FAZT_TO)."))

/** For verbs whose own `--to` means something else. */
export const server = Options.optional(serverNamed("server"))
export const to = serverNamed("to").pipe(Options.withAlias("server"), Options.optional)
export const token = Options.redacted("token").pipe(
  Options.withPseudoName("key"),
  Options.withDescription("An API key of that server (FAZT_TOKEN, or saved with the peer)."),
  Options.optional,
)
export const db = Options.text("db").pipe(
  Options.withPseudoName("file"),
  Options.withDescription("The cartridge on this machine (FAZT_DB, else ./data.db)."),
  Options.optional,
)
/** The cartridge of verbs that always mean this machine. */
export const cartridge = (db: Option.Option<string>): Effect.Effect<string, never, Environment> =>
  Effect.map(Environment, (env) => resolve(Option.getOrElse(db, () => Option.getOrElse(env.db, () => defaultDb))))

/** How a verb names its server. */
export const serverOptions = { to, token, db }

export const json = Options.boolean("json").pipe(Options.withDescription("Answer in JSON."))

export const yes = Options.boolean("yes").pipe(Options.withAlias("y"), Options.withDescription("Do not ask."))

export const limit = (byDefault: number, max: number) =>
  Options.integer("limit").pipe(
    Options.withAlias("n"),
    Options.withSchema(Schema.Int.pipe(Schema.between(1, max, { message: () => `--limit must be between 1 and ${max}` }))),
    Options.withPseudoName("count"),
    Options.withDescription(`At most so many (default ${byDefault}).`),
    Options.withDefault(byDefault),
  )

export const port = Options.integer("port").pipe(
  Options.withSchema(Schema.Int.pipe(Schema.between(0, 65_535, { message: () => "--port must be between 0 and 65535" }))),
  Options.withPseudoName("port"),
  Options.withDescription("The port to listen on (FAZT_PORT, else the cartridge's setting, else 4698)."),
  Options.optional,
)
export const domain = Options.text("domain").pipe(
  Options.withPseudoName("domain"),
  Options.withDescription("Sites are served at <site>.<domain> (FAZT_DOMAIN, else the cartridge's setting, else localhost)."),
  Options.optional,
)

export const site = Args.text({ name: "site" }).pipe(Args.withDescription("The site's name."))

export const ifVersion = Options.integer("if-version").pipe(
  Options.withPseudoName("version"),
  Options.withDescription("Only if that is its version now; 0: only if there is none."),
  Options.optional,
)

export const atVersion = (words: string) =>
  Options.integer("at").pipe(
    Options.withPseudoName("version"),
    Options.withDescription(`What it was then; \`fazt ${words}\` lists the versions.`),
    Options.optional,
  )

export const beforeVersion = Options.integer("before").pipe(
  Options.withPseudoName("version"),
  Options.withDescription("Only what came before this version: to page on."),
  Options.optional,
)

export const cursor = (what: string) =>
  Options.text("cursor").pipe(
    Options.withPseudoName(what),
    Options.withDescription(`Only what comes after this ${what}: to page on.`),
    Options.optional,
  )

export const deploy = Options.text("deploy").pipe(
  Options.withPseudoName("deploy"),
  Options.withDescription("One deploy: its id, a beginning of it, live or previous (default: what is live)."),
  Options.optional,
)

/** Sites by name, several of them: `what` they are for. */
export const sites = (what: string) =>
  Options.text("sites").pipe(
    Options.withPseudoName("names"),
    Options.withDescription(`${what}; a comma between several.`),
    Options.repeated,
  )

/** An option as an object's optional property. */
export const given = <const Key extends string, A>(key: Key, value: Option.Option<A>): { readonly [K in Key]?: A } =>
  Option.isSome(value) ? ({ [key]: value.value } as { readonly [K in Key]?: A }) : {}
