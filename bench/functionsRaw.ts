import { createServer } from "node:http"

/** A plain server that has its answer ready. A program of its own (`fork`): it is sent the answer and answers with its port. */
export interface RawAnswer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: ReadonlyArray<string>
  readonly body: string
}

process.once("message", ({ status, headers, body }: RawAnswer) => {
  const bytes = Buffer.from(body)
  const server = createServer((_, res) => {
    res.writeHead(status, headers as Array<string>)
    res.end(bytes)
  })
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as { readonly port: number }).port))
})
