import type * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import { exitCodeMeanings } from "./exitCodes.ts"
import { type Look, table } from "./table.ts"
import type { Documented } from "./verb.ts"

/** The verb that a command line names, and the words that led to it. */
export const findVerb = (
  root: Documented,
  args: ReadonlyArray<string>,
): { readonly path: ReadonlyArray<string>; readonly entry: Documented } => {
  let entry = root
  const path = [root.verb]
  for (const arg of args) {
    const next = entry.verbs.find(({ verb }) => verb === arg)
    if (next === undefined) break
    entry = next
    path.push(arg)
  }
  return { path, entry }
}

/** Whether a command line asks for help, or names a verb that only holds others. */
export const asksForHelp = (root: Documented, args: ReadonlyArray<string>): boolean => {
  const own = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length)
  if (args[0] === "help" || own.includes("--help") || own.includes("-h")) return true
  const { path, entry } = findVerb(root, args)
  return !entry.runs && args.length === path.length - 1
}

/** The manual page of a verb. */
export const renderHelp = (path: ReadonlyArray<string>, entry: Documented, look: Look): string => {
  const { paint } = look
  const { args, options } = reference(entry.reference())
  const usage = [
    ...path,
    ...(options.length > 0 ? ["[options]"] : []),
    ...args.map(({ name, optional }) => (optional ? `[${name}]` : `<${name}>`)),
  ]
  const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
    lines.length === 0 ? [] : [`${paint.bold(title)}\n${lines.map((line) => indent(line)).join("\n")}`]
  const list = (rows: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> =>
    rows.length === 0 ? [] : [table([{ title: "" }, { title: "" }], rows, { paint, columns: undefined })]
  return [
    [entry.manual.summary, ...(entry.manual.details ?? [])].join("\n"),
    ...section("Usage", [...(entry.runs ? [usage.join(" ")] : []), ...(entry.verbs.length > 0 ? [`${path.join(" ")} <command>`] : [])]),
    ...section("Commands", list(entry.verbs.flatMap((child) => leaves(child, "")))),
    ...section("Arguments", list(args.map(({ name, text }) => [name, text]))),
    ...section("Options", list(options.map(({ name, text }) => [name, text]))),
    ...section("Examples", entry.manual.examples),
    ...(path.length === 1 ? section("Exit codes", list(exitCodeMeanings.map(([code, meaning]) => [String(code), meaning]))) : []),
  ].join("\n\n")
}

const indent = (text: string): string => text.replaceAll(/^/gm, "  ")

/** Every verb that runs, by the words that name it. */
const leaves = (entry: Documented, before: string): ReadonlyArray<readonly [string, string]> => {
  const name = `${before}${entry.verb}`
  const below = entry.verbs.flatMap((child) => leaves(child, `${name} `))
  return entry.runs ? [[name, entry.manual.summary], ...below] : below
}

interface Entry {
  readonly name: string
  readonly text: string
  readonly optional: boolean
}

/** The arguments and options in the library's own help, without what it says of every one of them. */
export const reference = (doc: HelpDoc.HelpDoc): { readonly args: ReadonlyArray<Entry>; readonly options: ReadonlyArray<Entry> } => {
  const args: Array<Entry> = []
  const options: Array<Entry> = []
  let section = ""
  const visit = (part: HelpDoc.HelpDoc): void => {
    if (part._tag === "Header") section = spanText(part.value)
    else if (part._tag === "Sequence") {
      visit(part.left)
      visit(part.right)
    } else if (part._tag === "DescriptionList") {
      const into = section === "ARGUMENTS" ? args : options
      for (const [name, text] of part.definitions) {
        const entry = entryOf(spanText(name), paragraphs(text))
        into.push(into === options && !entry.optional ? { ...entry, text: `${entry.text} (required)` } : entry)
      }
    }
  }
  visit(doc)
  return { args, options }
}

const entryOf = (name: string, [, ...said]: ReadonlyArray<string>): Entry => {
  const texts = said.filter((text) => !/^This (setting|option|argument) /.test(text))
  return {
    // `(--to, --server name)` → `--to, --server <name>`; `<site>` → `site`.
    name: name
      .replace(/^\((.*)\)(\.\.\.)?$/, "$1$2")
      .replace(/^(-.*\S) (\S+?)(\.\.\.)?$/, "$1 <$2>$3")
      .replace(/^<(.*)>/, "$1"),
    text: texts.join(" "),
    optional: said.some((text) => /^This (setting is optional|(argument|option) may be repeated)/.test(text)),
  }
}

const paragraphs = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> => {
  if (doc._tag === "Sequence") return [...paragraphs(doc.left), ...paragraphs(doc.right)]
  return doc._tag === "Paragraph" ? [spanText(doc.value)] : []
}

const spanText = (span: Span.Span): string => {
  if (span._tag === "Sequence") return spanText(span.left) + spanText(span.right)
  return typeof span.value === "string" ? span.value : spanText(span.value)
}
