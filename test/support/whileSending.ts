import { request } from "node:http"
import type { Ask } from "./server.ts"

/** Begins a request, does something while its body is on its way, and sends the rest. The answer's code is that of a refusal. */
export const whileSending = (
  port: number,
  path: string,
  { method = "POST", headers = {}, token, body = "" }: Omit<Ask, "host">,
  meanwhile: () => Promise<unknown>,
): Promise<{ readonly status: number; readonly code: string | undefined }> =>
  new Promise((resolve, reject) => {
    const bytes = Buffer.from(body)
    const all = {
      host: `localhost:${port}`,
      "content-type": "application/json",
      "content-length": String(bytes.length),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    }
    const req = request({ port, host: "127.0.0.1", path, method, headers: all, agent: false }, (res) => {
      let text = ""
      res.on("data", (part) => {
        text += part
      })
      res.on("error", reject)
      res.on("end", () => resolve({ status: res.statusCode!, code: JSON.parse(text).error?.code }))
    })
    req.on("error", reject)
    req.write(bytes.subarray(0, 1), () => {
      // The server has seen the head by then.
      setTimeout(() => meanwhile().then(() => req.end(bytes.subarray(1)), reject), 100)
    })
  })
