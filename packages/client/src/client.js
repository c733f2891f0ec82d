/** @import { ClientOptions } from "./client.d.ts" */
import { callsOf } from "./calls.js"
import { deploy } from "./deploy.js"
import { FaztError } from "./error.js"
import { events } from "./events.js"
import { sender } from "./send.js"

export { FaztError }

/** @type {typeof import("./client.d.ts").createClient} */
export const createClient = (/** @type {ClientOptions} */ options = {}) => {
  const send = sender(options)
  /** @type {any} */
  const client = callsOf(send)
  client.events = events.bind(null, send)
  client.deploy = deploy.bind(null, send)
  return client
}
