import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { type Client, type ClientOptions, createClient, FaztError } from "../../packages/client/src/client.js"

/** What a call fails with. */
export const failure = async (call: PromiseLike<unknown>): Promise<FaztError> =>
  call.then(
    (answer) => Promise.reject(new Error(`It succeeded with ${JSON.stringify(answer)}.`)),
    (error) => {
      if (!(error instanceof FaztError)) throw error
      return error
    },
  )

export const all = async <Item>(items: AsyncIterable<Item>): Promise<Array<Item>> => {
  const found: Array<Item> = []
  for await (const item of items) found.push(item)
  return found
}

const stubs: Array<Server> = []

export const closeStubs = (): void => {
  for (const stub of stubs.splice(0)) {
    stub.closeAllConnections()
    stub.close()
  }
}

/** A client of a server that answers in its own way. */
export const stub = async (answer: RequestListener, options: ClientOptions = {}): Promise<Client> => {
  const http = createServer(answer)
  stubs.push(http)
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  return createClient({ baseUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, ...options })
}

export const sends =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_, res) =>
    void res.writeHead(status, headers).end(body)

/** A client that keeps cookies, as a browser does. */
export function personOf(baseUrl: string): Client {
  let cookie = ""
  return createClient({
    baseUrl,
    fetch: async (url, init) => {
      const headers = new Headers(init.headers)
      if (cookie !== "") headers.set("cookie", cookie)
      const response = await fetch(url, { ...init, headers })
      const set = response.headers.getSetCookie().map((text) => text.split(";", 1)[0])
      if (set.length > 0) cookie = set.join("; ")
      return response
    },
  })
}
