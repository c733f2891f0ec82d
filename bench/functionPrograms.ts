/** The server code that is measured. Nothing in it is of one runtime only, except where it stores something. */

/** Code, and a path that it answers. */
export interface BenchProgram {
  readonly name: string
  readonly code: string
  readonly path: string
}

export const hello: BenchProgram = {
  name: "hello",
  code: `export default { fetch() { return new Response("Hello World") } }\n`,
  path: "/",
}

/** About 2 KB, as a small API is written: routes, query, headers, a regular expression, JSON of twenty items. */
export const items: BenchProgram = {
  name: "2 KB handler",
  path: "/api/items?count=20&tag=new",
  code: `const routes = new Map()
const on = (method, path, handle) => routes.set(method + " " + path, handle)

class Refused extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

const slugOf = (text) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")

const words = ["amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath"]

const titleOf = (n) => words[n % words.length] + " & " + words[(n * 3 + 1) % words.length] + ", No. " + n

async function load(count, tag) {
  const all = Array.from({ length: count }, (_, n) => ({ id: n + 1, title: titleOf(n), price: 5 + ((n * 37) % 90) }))
  return all.map((item) => ({ ...item, slug: slugOf(item.title), tags: item.price < 50 ? [tag, "cheap"] : [tag] }))
}

on("GET", "/", async () => new Response("<h1>Items</h1>", { headers: { "content-type": "text/html" } }))

on("GET", "/api/items", async (request, url) => {
  const count = Number(url.searchParams.get("count") ?? "10")
  if (!Number.isInteger(count) || count < 0 || count > 100) throw new Refused(400, "count is a whole number up to 100")
  const found = await load(count, url.searchParams.get("tag") ?? "none")
  const total = found.reduce((sum, { price }) => sum + price, 0)
  const headers = new Headers({ "cache-control": "no-store" })
  headers.set("x-total", String(total))
  headers.set("x-agent", request.headers.get("user-agent") ?? "unknown")
  return Response.json({ total, items: found }, { headers })
})

on("POST", "/api/items", async (request) => {
  const item = await request.json()
  if (typeof item.title !== "string") throw new Refused(400, "title is a text")
  return Response.json({ ...item, slug: slugOf(item.title) }, { status: 201 })
})

export default {
  async fetch(request) {
    const url = new URL(request.url)
    const handle = routes.get(request.method + " " + url.pathname)
    try {
      if (handle === undefined) throw new Refused(404, "There is nothing at " + url.pathname)
      return await handle(request, url)
    } catch (error) {
      return Response.json({ error: error.message }, { status: error.status ?? 500 })
    }
  },
}
`,
}

/** As much code as a small framework brings along; only a little of it runs in a request. */
export const large: BenchProgram = {
  name: "50 KB program",
  path: items.path,
  code: `const models = {}
${Array.from(
  { length: 96 },
  (_, n) => `
class Model${n} {
  #changes = new Map()
  constructor({ id = ${n}, name = "model ${n}", parts = [] } = {}) {
    Object.assign(this, { id, name, parts: [...parts] })
  }
  get label() { return \`\${this.name}#\${this.id}\` }
  set(field, value) { this.#changes.set(field, value); this[field] = value; return this }
  problems() { return Object.entries(this).filter(([key, value]) => !/^[a-z]+$/.test(key) || value === undefined).map(([key]) => key) }
}
models.m${n} = { make: (given) => new Model${n}(given), defaults: { page: 1, size: ${n + 10}, sort: ["id", "up"] } }
`,
).join("")}
${items.code}`,
}

/** One key of a thousand, a key of its own, or a key that all share. */
export const store = `export default {
  fetch(request, { kv }) {
    const [, , , what, key] = request.url.split("/")
    if (what === "get") return Response.json(kv.get(key))
    if (what === "set") kv.set(key, { at: Date.now(), text: "some text of a length that is not unusual for a value" })
    if (what === "incr") return new Response(String(kv.incr(key)))
    if (what === "fill") for (let n = 0; n < 10; n++) kv.set("k" + key + n, { n, text: "a value that is read again and again" })
    return new Response("ok")
  },
}
`

/** Code that does harm, by what it does. */
export const attacks = {
  loop: `export default { fetch() { for (;;); } }\n`,
  hang: `export default { fetch() { return new Response(String(new Array(2 ** 32 - 1).indexOf(1))) } }\n`,
  memory: `export default {
  fetch() {
    const kept = []
    for (;;) kept.push(new Uint8Array(1024 * 1024).fill(1))
  },
}
`,
  burn: `export default {
  fetch() {
    const until = Date.now() + 80
    let turns = 0
    while (Date.now() < until) turns++
    return new Response(String(turns))
  },
}
`,
}
