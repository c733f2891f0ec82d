import { Hono } from "hono"
import { deleteCookie, getCookie, setCookie } from "hono/cookie"
import { secureHeaders } from "hono/secure-headers"
import { timingSafeEqual } from "hono/utils/buffer"
import { type Link, linkOf, newSlug, problemOf } from "./link.ts"
import { page } from "./page.ts"

// A URL shortener. With `fazt env set links LINKS_PASSWORD=…` only who knows the password can add links.

const app = new Hono<{ Bindings: Env }>()

app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'none'"], styleSrc: ["'unsafe-inline'"], formAction: ["'self'"] } }))

app.get("/", (c) => {
  const added = getCookie(c, "added")
  if (added !== undefined) deleteCookie(c, "added", { path: "/" })
  return c.html(page({ links: linksOf(c.env), added, origin: new URL(c.req.url).origin, hasPassword: Boolean(c.env["LINKS_PASSWORD"]) }))
})

app.post("/links", async (c) => {
  const { url = "", slug: asked = "", password = "" } = await c.req.parseBody<Record<string, string>>()
  const expected = c.env["LINKS_PASSWORD"]
  const isForm = !c.req.header("accept")?.includes("application/json")
  const refuse = (status: 400 | 403 | 409, error: string) =>
    isForm
      ? c.html(page({ links: linksOf(c.env), error, url, slug: asked, origin: new URL(c.req.url).origin, hasPassword: Boolean(expected) }), status)
      : c.json({ error }, status)

  if (expected && !(await timingSafeEqual(password, expected))) return refuse(403, "That is not the password.")
  const problem = problemOf(url, asked)
  if (problem !== undefined) return refuse(400, problem)
  const slug = asked === "" ? newSlug((slug) => c.env.kv.has(`link/${slug}`)) : asked
  const link: Link = { url: new URL(url).href, at: Date.now() }
  if (!c.env.kv.cas(`link/${slug}`, undefined, link)) return refuse(409, `“${slug}” is taken.`)

  if (!isForm) return c.json(linkOf(slug, link, 0), 201)
  setCookie(c, "added", slug, { path: "/", maxAge: 60, httpOnly: true, sameSite: "Lax" })
  return c.redirect("/", 303)
})

app.get("/api/links", (c) => c.json({ links: linksOf(c.env) }))

app.get("/:slug", (c) => {
  const slug = c.req.param("slug")
  const link = c.env.kv.get<Link>(`link/${slug}`)
  if (link === undefined) return c.notFound()
  c.env.kv.incr(`hits/${slug}`)
  c.header("cache-control", "no-store")
  return c.redirect(link.url, 302)
})

app.notFound((c) => c.text("There is no such link.", 404))

app.onError((error, c) => {
  console.error(error)
  return c.text("Something went wrong.", 500)
})

const linksOf = ({ kv }: Env) =>
  kv
    .list<Link>({ prefix: "link/", limit: 100 })
    .items.map(({ key, value }) => linkOf(key.slice(5), value, kv.get<number>(`hits/${key.slice(5)}`) ?? 0))
    .sort((a, b) => b.at - a.at)

export default app
