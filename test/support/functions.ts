import { hash } from "node:crypto"
import type { Answer, TestServer } from "./server.ts"

/** Publishes files as a site over HTTP, as the CLI does. */
export const deployFiles = async (
  server: Pick<TestServer, "ask">,
  token: string,
  site: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Answer> => {
  const manifest: Record<string, { hash: string; size: number }> = {}
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as string)
    const name = hash("sha256", bytes, "hex")
    manifest[path] = { hash: name, size: bytes.length }
    const { status, text } = await server.ask(`/api/blobs/${name}`, { method: "PUT", token, body: bytes })
    if (status !== 201) throw new Error(`The blob was refused: ${text}`)
  }
  return server.ask(`/api/sites/${site}/deploys`, {
    method: "POST",
    token,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ files: manifest }),
  })
}
