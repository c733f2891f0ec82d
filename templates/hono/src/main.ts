import { Hono } from "hono"
import { html } from "hono/html"

// Answers every path of the site. What one request writes is saved together, or not at all.
const app = new Hono<{ Bindings: Env }>()

app.get("/", (c) => {
  const visits = c.env.kv.incr("visits")
  return c.html(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{name}}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; }
  body { max-width: 38rem; margin: 0 auto; padding: clamp(1.5rem, 6vw, 4rem) 1.25rem; font: 1.0625rem / 1.6 ui-sans-serif, system-ui, sans-serif; }
</style>
</head>
<body>
<main>
  <h1>{{name}}</h1>
  <p>This page has been seen ${visits} ${visits === 1 ? "time" : "times"}.</p>
  <p><a href="/api/hello?name=you">/api/hello?name=you</a></p>
</main>
</body>
</html>`)
})

app.get("/api/hello", (c) => c.json({ message: `Hello, ${c.req.query("name") ?? "world"}.` }))

app.notFound((c) => c.text("There is nothing here.", 404))

app.onError((error, c) => {
  console.error(error)
  return c.text("Something went wrong.", 500)
})

export default app
