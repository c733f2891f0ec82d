// Pages listen at /_ws. What they say comes in here, is kept, and goes out to the room's channel.

/** @typedef {{ id: string, name: string, text: string, at: number }} Message */

const kept = 100
const keptFor = 30 * 24 * 60 * 60 * 1000

/** @type {Fazt.Handler} */
export default {
  async fetch(request, env) {
    const room = /^\/api\/rooms\/([a-z0-9-]{1,40})\/messages$/.exec(new URL(request.url).pathname)?.[1]
    if (room === undefined) return refuse(404, "There is nothing here.")
    const key = `room/${room}`
    /** @type {Message[]} */
    const messages = env.kv.get(key) ?? []
    const people = env.realtime.count(room)
    if (request.method === "GET") return Response.json({ messages, people })
    if (request.method !== "POST") return refuse(405, "Messages can be read and added.", { allow: "GET, POST" })

    const { name, text } = await request.json().catch(() => ({}))
    if (!isText(name, 40)) return refuse(400, "A name has 1 to 40 characters.")
    if (!isText(text, 500)) return refuse(400, "A message has 1 to 500 characters.")
    const message = { id: crypto.randomUUID(), name: name.trim(), text: text.trim(), at: Date.now() }
    // If two say something at once, one of them runs again, with what the other said: none is lost.
    env.kv.set(key, [...messages, message].slice(-kept), { ttl: keptFor })
    // Leaves once the message has been saved.
    env.realtime.broadcast(room, message)
    return Response.json({ message, people }, { status: 201 })
  },
}

/**
 * @param {unknown} value
 * @param {number} most
 */
const isText = (value, most) => typeof value === "string" && value.trim() !== "" && value.length <= most

/**
 * @param {number} status
 * @param {string} error
 * @param {Record<string, string>} [headers]
 */
const refuse = (status, error, headers = {}) => Response.json({ error }, { status, headers })
