// The one bin. Older Nodes fail in native modules with messages that help nobody, so they go no further than this.
if (Number(process.versions.napi) < 10) {
  process.stderr.write(`fazt needs Node 24 or newer; this is ${process.version}. \`npm run setup\` installs one beside fazt.\n`)
  process.exit(78)
}
const { run } = await import("./cli/run.ts")
run(process.argv.slice(2))

export {}
