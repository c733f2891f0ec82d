import { readFileSync } from "node:fs"
import { guestFile } from "../../resources.ts"

/** The packages that server code may name without bringing them along. */
export const stdlibNames = ["lodash", "cheerio", "uuid", "zod", "marked", "dayjs", "validator"] as const
export type StdlibName = (typeof stdlibNames)[number]

export const isStdlib = (name: string): name is StdlibName => (stdlibNames as ReadonlyArray<string>).includes(name)

/** An expression, to be evaluated as a script, whose value is what `require(name)` gives. */
export const stdlibScript = (name: StdlibName): string => `(() => {${bundle(name)}\nreturn __stdlib})()`

/** The package as an ES module: with a default export, and by name everything that it has. */
export const stdlibModule = (name: StdlibName): string => {
  // Under names of their own: some are called as globals are that the package itself uses, such as lodash's `parseInt`.
  const names = exported()[name].map((exportedName, i) => [`__${i}`, exportedName] as const)
  return `${bundle(name)}
;export default "default" in Object(__stdlib) ? __stdlib.default : __stdlib
const ${names.map(([local, own]) => `${local} = __stdlib.${own}`).join(", ")}
export { ${names.map(([local, own]) => `${local} as ${own}`).join(", ")} }
`
}

const bundles = new Map<StdlibName, string>()

const bundle = (name: StdlibName): string => {
  const known = bundles.get(name) ?? readFileSync(guestFile(`stdlib/${name}.js`), "utf8")
  bundles.set(name, known)
  return known
}

let names: Readonly<Record<StdlibName, ReadonlyArray<string>>> | undefined

const exported = () => {
  names ??= JSON.parse(readFileSync(guestFile("stdlib/exports.json"), "utf8")) as NonNullable<typeof names>
  return names
}
