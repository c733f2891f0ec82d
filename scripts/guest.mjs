// Builds what runs inside the sandbox into dist/guest/: the prelude, the built-in packages and QuickJS itself. Does nothing when
// they are newer than all they are made of. Whoever reads them meanwhile sees whole files: each is moved into its place.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { runInNewContext } from "node:vm"
import { withCards } from "./cards.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const out = join(root, "dist/guest")
const prelude = join(root, "src/runtime/prelude")

const timeOf = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)
const newest = (folder) => Math.max(0, ...readdirSync(folder, { recursive: true }).map((name) => timeOf(join(folder, name))))

/** The value that `require(name)` gives for each built-in package. */
const packages = {
  lodash: `module.exports = require("lodash")`,
  cheerio: `module.exports = require("cheerio")`,
  uuid: `export * from "uuid"`,
  zod: `export * from "zod"; export { default } from "zod"`,
  // As the older marked: a function that has all the rest on it.
  marked: `const all = require("marked"); module.exports = Object.assign(all.marked, all)`,
  dayjs: `module.exports = require("dayjs")`,
  validator: `module.exports = require("validator")`,
}

/** Zod's messages in English only: all its languages together are four times as large as the rest. */
const englishZod = {
  name: "english-zod",
  setup: ({ onLoad }) =>
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({ contents: `export { default as en } from "./en.js"`, loader: "js" })),
}

/** Loaded only when there is something to build: this runs at every start from the sources. */
const esbuild = (options) => import("esbuild").then(({ build }) => build({ ...common, ...options }))

const common = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  metafile: true,
  format: "iife",
  platform: "browser",
  target: "es2023",
  minify: true,
  charset: "utf8",
  legalComments: "inline",
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [englishZod],
  logLevel: "warning",
}

const put = (name, content) => {
  const path = join(out, name)
  mkdirSync(dirname(path), { recursive: true })
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, content)
  renameSync(aside, path)
}

const buildPrelude = async () => {
  const { outputFiles } = await esbuild({ entryPoints: [join(prelude, "entry.ts")] })
  put("prelude.js", outputFiles[0].contents)
}

const buildPackages = async () => {
  const licences = new Map()
  const exported = {}
  for (const [name, contents] of Object.entries(packages)) {
    const { outputFiles, metafile } = await esbuild({ stdin: { contents, resolveDir: root }, globalName: "__stdlib" })
    put(`stdlib/${name}.js`, outputFiles[0].contents)
    exported[name] = exportsOf(outputFiles[0].text)
    for (const input of Object.keys(metafile.inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
      if (folder !== undefined) licences.set(folder, licenceOf(join(root, folder)))
    }
  }
  put("stdlib/exports.json", `${JSON.stringify(exported, undefined, 2)}\n`)
  put("NOTICE.txt", `The files in stdlib/ contain these packages.\n\n${[...licences.values()].sort().join("\n\n")}\n`)
}

/** What an ES module can import from a package by name. */
const exportsOf = (code) => {
  const names = Object.keys(runInNewContext(`${code};__stdlib`, { atob, crypto, console }, { displayErrors: false }))
  return names.filter((name) => name !== "default" && /^[A-Za-z_$][\w$]*$/.test(name)).sort()
}

const licenceOf = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  return `== ${name} ${version} (${license})\n${file === undefined ? "" : readFileSync(join(folder, file), "utf8").trim()}`
}

const quickjs = join(root, "node_modules/@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm")

const cards = fileURLToPath(new URL("cards.mjs", import.meta.url))

export const buildGuest = async () => {
  const rules = Math.max(timeOf(join(root, "package-lock.json")), timeOf(fileURLToPath(import.meta.url)))
  if (timeOf(join(out, "prelude.js")) <= Math.max(newest(prelude), rules)) await buildPrelude()
  if (timeOf(join(out, "NOTICE.txt")) <= rules) await buildPackages()
  if (timeOf(join(out, "quickjs.wasm")) <= Math.max(timeOf(quickjs), rules, timeOf(cards)))
    put("quickjs.wasm", withCards(readFileSync(quickjs)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildGuest()
