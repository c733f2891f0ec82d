import { html } from "hono/html"
import type { ShownLink } from "./link.ts"

interface Shown {
  readonly links: ReadonlyArray<ShownLink>
  readonly origin: string
  readonly hasPassword: boolean
  readonly added?: string | undefined
  readonly error?: string
  readonly url?: string
  readonly slug?: string
}

/** The one page. What is put into it is escaped by `html`. */
export const page = ({ links, origin, hasPassword, added, error, url = "", slug = "" }: Shown) => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Links</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A URL shortener: Hono, bundled into one file.">
<style>
  :root {
    color-scheme: light dark;
    --paper: light-dark(#f2f6fa, #0f151b);
    --ink: light-dark(#14212e, #e2ebf3);
    --soft: light-dark(#566779, #93a5b7);
    --line: light-dark(#d3dee8, #26323d);
    --accent: light-dark(#0b62a4, #79c0ff);
    --bad: light-dark(#a4262c, #ff9a9e);
  }
  * { box-sizing: border-box; }
  body { max-width: 46rem; margin: 0 auto; padding: clamp(1.5rem, 6vw, 4rem) 1.25rem; background: var(--paper); color: var(--ink); font: 1.0625rem / 1.5 ui-sans-serif, system-ui, sans-serif; }
  h1 { margin: 0 0 1.5rem; font-size: clamp(2rem, 8vw, 3rem); letter-spacing: -0.03em; line-height: 1; }
  form { display: flex; flex-wrap: wrap; gap: 1rem; align-items: end; }
  label { display: grid; gap: 0.25rem; flex: 1 1 9rem; color: var(--soft); font-size: 0.875rem; }
  label:first-child { flex-basis: 100%; }
  input, button { min-width: 0; padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.375rem; background: transparent; color: var(--ink); font: inherit; }
  button { border-color: var(--accent); color: var(--accent); cursor: pointer; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  a { color: var(--accent); text-underline-offset: 0.2em; }
  [role="alert"] { color: var(--bad); }
  table { width: 100%; margin-top: 2.5rem; border-collapse: collapse; table-layout: fixed; }
  th { color: var(--soft); font-size: 0.875rem; font-weight: 400; text-align: left; }
  th, td { padding: 0.5rem 0.75rem 0.5rem 0; border-bottom: 1px solid var(--line); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  th:last-child, td:last-child { width: 5rem; padding-right: 0; text-align: right; font-variant-numeric: tabular-nums; }
  th:first-child { width: 30%; }
</style>
</head>
<body>
<main>
  <h1>Links</h1>
  <form method="post" action="/links">
    <label>Address <input name="url" type="url" required maxlength="2000" placeholder="https://example.com/a/long/address" value="${url}"></label>
    <label>Short name, if you like <input name="slug" pattern="[A-Za-z0-9\\-]{1,40}" autocomplete="off" autocapitalize="off" value="${slug}"></label>
    ${hasPassword ? html`<label>Password <input name="password" type="password" required autocomplete="current-password"></label>` : ""}
    <button>Shorten</button>
  </form>
  ${error === undefined ? "" : html`<p role="alert">${error}</p>`}
  ${added === undefined ? "" : html`<p role="status">It is at <a href="/${added}">${origin}/${added}</a>.</p>`}
  ${
    links.length === 0
      ? html`<p>No links yet.</p>`
      : html`<table>
    <thead><tr><th scope="col">Short</th><th scope="col">Leads to</th><th scope="col">Visits</th></tr></thead>
    <tbody>${links.map(({ slug, url, hits }) => html`
      <tr><td><a href="/${slug}">/${slug}</a></td><td title="${url}">${url}</td><td>${hits}</td></tr>`)}
    </tbody>
  </table>`
  }
</main>
</body>
</html>`
