// Pages listen at /_ws; what they say comes in here, is kept, and is sent to all of them.

/** @typedef {{ id: string, name: string, text: string, at: number }} Message */

const kept = 50

/** @type {Fazt.Handler} */
export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/api/messages") return Response.json({ error: "There is nothing here." }, { status: 404 })
    /** @type {Message[]} */
    const messages = env.kv.get("messages") ?? []
    if (request.method !== "POST") return Response.json({ messages })

    const { name, text } = await request.json().catch(() => ({}))
    if (!isText(name, 40) || !isText(text, 500)) return Response.json({ error: "A message needs a name and a text." }, { status: 400 })
    const message = { id: crypto.randomUUID(), name: name.trim(), text: text.trim(), at: Date.now() }
    env.kv.set("messages", [...messages, message].slice(-kept))
    // Sent once the message has been saved.
    env.realtime.broadcast("chat", message)
    return Response.json(message, { status: 201 })
  },
}

/**
 * @param {unknown} value
 * @param {number} most
 */
const isText = (value, most) => typeof value === "string" && value.trim() !== "" && value.length <= most
