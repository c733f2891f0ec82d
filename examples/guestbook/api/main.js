import { textProblem } from "./text.js"

// An ES module in api/: it answers everything under /api/. What one request writes is saved as one step.

const entriesAtOnce = 20
const entriesKept = 10_000

/** @type {Fazt.Handler} */
export default {
  async fetch(request, env) {
    const url = new URL(request.url)
    if (url.pathname !== "/api/entries") return refuse(404, "There is nothing here.")
    if (request.method === "GET") return list(url, env)
    if (request.method === "POST") return sign(request, env)
    return refuse(405, "Entries can be read and added.", { allow: "GET, POST" })
  },
}

/**
 * @param {URL} url
 * @param {Env} env
 */
const list = (url, env) => {
  const offset = Number(url.searchParams.get("offset") ?? 0)
  if (!Number.isSafeInteger(offset) || offset < 0) return refuse(400, "offset is a whole number from 0.")
  const found = env.ds.find("entries", {}, { limit: entriesAtOnce + 1, offset })
  return Response.json({ entries: found.slice(0, entriesAtOnce).map(entryOf), more: found.length > entriesAtOnce })
}

/**
 * @param {Request} request
 * @param {Env} env
 */
const sign = async (request, env) => {
  const { name, message } = await request.json().catch(() => ({}))
  const problem = textProblem("A name", name, 60) ?? textProblem("A message", message, 1000)
  if (problem !== undefined) return refuse(400, problem)
  const id = env.ds.insert("entries", { name: name.trim(), message: message.trim() })
  env.ds.deleteOldest("entries", entriesKept)
  console.info("signed", { id })
  return Response.json(entryOf(env.ds.findOne("entries", id)), { status: 201 })
}

/** @param {any} document */
const entryOf = ({ id, name, message, _createdAt }) => ({ id, name, message, at: _createdAt })

/**
 * @param {number} status
 * @param {string} error
 * @param {Record<string, string>} [headers]
 */
const refuse = (status, error, headers = {}) => Response.json({ error }, { status, headers })
