import { methodNotAllowed, notFound, refuse } from "./answers.js"

// Answers everything under /api/. What one request writes is saved together, or not at all.

/** @type {Fazt.Handler} */
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    const [, , collection, id] = pathname.split("/")
    if (collection !== "notes") return notFound()

    if (id === undefined) {
      if (request.method === "GET") return Response.json({ notes: env.ds.find("notes", {}, { limit: 100 }) })
      if (request.method === "POST") return addNote(request, env)
      return methodNotAllowed("GET, POST")
    }
    if (request.method !== "DELETE") return methodNotAllowed("DELETE")
    return env.ds.delete("notes", { id }) === 1 ? Response.json({ deleted: id }) : notFound()
  },
}

/**
 * @param {Request} request
 * @param {Env} env
 */
const addNote = async (request, env) => {
  const { text } = await request.json().catch(() => ({}))
  if (typeof text !== "string" || text.trim() === "" || text.length > 500) return refuse(400, "A note is 1 to 500 characters of text.")
  const note = { text: text.trim() }
  const id = env.ds.insert("notes", note)
  console.log("added", id)
  return Response.json({ id, ...note }, { status: 201 })
}
