import { makeWriter } from "../../src/commands/writer.ts"
import { sha256Hex } from "../../src/events/chain.ts"
import { encodeManifest, manifestTotals } from "../../src/events/manifest.ts"
import { writerOptions } from "./cartridge.ts"

/**
 * A program for the durability tests: writes to the cartridge named on its command line until it is killed, and says on standard
 * output what has been acknowledged, one line each.
 */
const path = process.argv[2]!
const run = process.argv[3]!

const writer = makeWriter(writerOptions(path))
process.stdout.write(`ready ${writer.head().seq}\n`)

const by = { actor: "owner", cause: run }
let n = 0

const deploy = (worker: number): void => {
  const id = `${run}-${worker}-${n++}`
  const bytes = Buffer.from(`content of ${id} `.repeat(50))
  const manifest = { files: { "index.html": { hash: sha256Hex(bytes), size: bytes.length, type: "text/html" } }, spa: false }
  const encoded = encodeManifest(manifest)
  const name = sha256Hex(id).slice(0, 10)
  writer.submit({ kind: "putBlobs", blobs: [bytes, encoded] }, () => {})
  writer.submit(
    {
      kind: "command",
      command: {
        _tag: "DeploySite",
        site: `site${worker}`,
        deploy: name,
        manifest: sha256Hex(encoded),
        ...manifestTotals(manifest),
        source: { kind: "test" },
      },
      id,
      ...by,
    },
    (reply) => {
      // Written straight to the descriptor: what a killed process had in a buffer would be lost, and the test would miss a loss.
      if (reply.ok) process.stdout.write(`acked ${id}\n`)
      else process.stdout.write(`refused ${JSON.stringify(reply)}\n`)
      deploy(worker)
    },
  )
}

for (let worker = 0; worker < 8; worker++) deploy(worker)
