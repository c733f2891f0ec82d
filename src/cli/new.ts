import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import { templateFolder, typesFile } from "../resources.ts"
import { siteName } from "./deploy/siteName.ts"
import { type CliError, failed, messageOf, systemCode } from "./errors.ts"
import { json } from "./options.ts"
import { answer } from "./output.ts"
import { verb } from "./verb.ts"

const templates = ["static", "api", "hono", "chat"] as const
type Template = (typeof templates)[number]

const folder = Args.text({ name: "folder" }).pipe(Args.withDescription("Where to; it has to be empty, or not there yet."))
const template = Options.choice("template", templates).pipe(
  Options.withAlias("t"),
  Options.withDescription("What to begin with: static (the default), api, hono or chat."),
  Options.withDefault<Template>("static"),
)
const name = Options.text("name").pipe(
  Options.withPseudoName("site"),
  Options.withDescription("What the site is called; without it, like the folder."),
  Options.optional,
)

export const newSite = verb(
  "new",
  {
    summary: "Begin a site in a new folder.",
    details: [
      "static: pages only. api: pages, and server code in api/ that keeps data. chat: the same with a WebSocket. hono: server code for the whole site with packages from npm, bundled by esbuild.",
    ],
    examples: ["fazt new hello", "fazt new notes --template api", "fazt new ./apps/links -t hono --name links"],
  },
  { folder, template, name, json },
  ({ folder, template, name, json }) =>
    Effect.gen(function* () {
      const path = resolve(folder)
      const site = yield* siteName(path, name)
      const files = yield* write(path, template, site)
      const steps = nextSteps(template, folder, site)
      yield* answer(json, { site, folder: path, template, files, next: steps }, ({ paint }) =>
        [`${paint.green("✓")} ${site} begins in ${path}`, "", ...steps.map((step) => `  ${paint.cyan(step)}`), ""].join("\n"),
      )
    }),
)

const nextSteps = (template: Template, folder: string, site: string): ReadonlyArray<string> => {
  const named = basename(resolve(folder)) === site ? "" : ` --name ${site}`
  if (template !== "hono") return [`fazt dev ${quoted(folder)}${named}`, `fazt deploy ${quoted(folder)}${named}`]
  return [`cd ${quoted(folder)}`, "npm install", "npm run build", `fazt dev dist --name ${site}`, "npm run deploy"]
}

const quoted = (text: string): string => (/^[\w./@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** Files of a template have the site's name in the place of this. */
const placeholder = "{{name}}"

/** Templates with server code come with its types. */
const write = (folder: string, template: Template, site: string): Effect.Effect<ReadonlyArray<string>, CliError> =>
  Effect.tryPromise({
    try: async () => {
      const from = templateFolder(template)
      await mkdir(folder, { recursive: true })
      if ((await readdir(folder)).length > 0) throw notEmpty(folder)
      const entries = await readdir(from, { recursive: true, withFileTypes: true })
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(from.length + 1))
        .sort()
      for (const file of files) {
        await mkdir(dirname(join(folder, file)), { recursive: true })
        const text = await readFile(join(from, file), "utf8")
        await writeFile(join(folder, file), text.replaceAll(placeholder, site), { flag: "wx" })
      }
      if (template === "static") return files
      await copyFile(typesFile, join(folder, "fazt.d.ts"))
      return [...files, "fazt.d.ts"].sort()
    },
    catch: (cause) => {
      if (isCliError(cause)) return cause
      if (systemCode(cause) === "EEXIST" || systemCode(cause) === "ENOTDIR") return failed("NOT_A_FOLDER", `${folder} is no folder`)
      return failed("UNWRITABLE", `cannot write to ${folder}: ${messageOf(cause)}`)
    },
  })

const notEmpty = (folder: string): CliError => failed("FOLDER_NOT_EMPTY", `${folder} is not empty`, "name a new folder: fazt new <folder>")

const isCliError = (cause: unknown): cause is CliError => (cause as { readonly _tag?: unknown })._tag === "CliError"
