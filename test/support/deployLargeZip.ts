import { randomBytes } from "node:crypto"
import { crc32, deflateRawSync } from "node:zlib"
import { ask, zipForm } from "./server.ts"
import { buildZip, type EntrySpec } from "./zip.ts"

/**
 * A program, so that the memory it takes is not the test's: `deployLargeZip.ts <port> <key> <files> <bytes>` deploys a zip of so many
 * files of that size as the site `huge`, and prints the answer. A thirteenth of each file is noise, the rest deflates to nothing.
 */
const [port, token, files, bytes] = process.argv.slice(2)

const entries = Array.from({ length: Number(files) }, (_, i): EntrySpec => {
  const content = Buffer.alloc(Number(bytes))
  for (let at = 0; at < content.length; at += 65_536) randomBytes(5_000).copy(content, at)
  const fields = { crc: crc32(content), size: content.length }
  return { name: `${i}.bin`, method: 8, payload: deflateRawSync(content, { level: 1 }), local: fields, central: fields }
})
const upload = zipForm(buildZip({ entries }), { site_name: "huge" })
const { status, json } = await ask(Number(port), "/api/deploy", { method: "POST", token: token!, ...upload })
console.log(JSON.stringify({ status, json, sent: upload.body.length }))
