// A router in one file. The server knows a single page, index.html; the addresses below live only here.
// `"spa": true` in manifest.json makes the server send index.html for each of them, so a reload works.

const notes = [
  {
    id: "1",
    title: "A link is a promise",
    text: ["You can reload this page, bookmark it or send it to someone.", "It opens at the same note, although no file has this address."],
  },
  {
    id: "2",
    title: "Back means back",
    text: ["The History API keeps one entry for each route you visit.", "So the Back button does here what it does everywhere else."],
  },
  {
    id: "3",
    title: "Real links only",
    text: ["Every link in this app is an anchor with an address.", "Open one in a new tab: it needs nothing from this one."],
  },
]

/** Makes an element: h("a", { href: "/" }, "Home"). */
const h = (name, attributes, ...children) => {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

const home = () => ({
  title: "Home",
  content: [
    h("p", {}, "A small app that draws its own routes: three files, and nothing to build."),
    h("p", {}, "Go to ", h("a", { href: "/notes/1" }, "the first note"), " and reload the page there. It still works."),
  ],
})

const list = () => ({
  title: "Notes",
  content: [h("ul", {}, ...notes.map((note) => h("li", {}, h("a", { href: `/notes/${note.id}` }, note.title))))],
})

const detail = ({ id }) => {
  const at = notes.findIndex((note) => note.id === id)
  if (at < 0) return missing()
  const next = notes[(at + 1) % notes.length]
  return {
    title: notes[at].title,
    content: [
      ...notes[at].text.map((line) => h("p", {}, line)),
      h("p", { class: "next" }, "Next: ", h("a", { href: `/notes/${next.id}` }, next.title)),
    ],
  }
}

const missing = () => ({
  title: "Nothing here",
  content: [h("p", {}, "This app has no such page. ", h("a", { href: "/notes" }, "See all notes."))],
})

const routes = [
  [/^\/$/, home],
  [/^\/notes\/?$/, list],
  [/^\/notes\/(?<id>[^/]+)\/?$/, detail],
]

const match = (path) => {
  for (const [pattern, page] of routes) {
    const found = pattern.exec(path)
    if (found) return page(found.groups ?? {})
  }
  return missing()
}

const view = document.querySelector("#view")
const arrival = document.querySelector("#arrival")

const draw = (how) => {
  const { title, content } = match(location.pathname)
  const heading = h("h1", { tabindex: "-1" }, title)
  view.replaceChildren(heading, ...content)
  document.title = `${title} - Notes`
  for (const link of document.querySelectorAll("nav a")) {
    const path = link.getAttribute("href")
    const here = path === location.pathname
    const above = path !== "/" && location.pathname.startsWith(`${path}/`)
    if (here || above) link.setAttribute("aria-current", here ? "page" : "true")
    else link.removeAttribute("aria-current")
  }
  arrival.replaceChildren(h("code", {}, location.pathname), ` ${how}`)
  return heading
}

const byApp = "was drawn in place, without asking the server."
const byServer = "was loaded from the server, which sent index.html."

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = event.target.closest("a[href]")
  if (!link || link.target || link.origin !== location.origin) return
  event.preventDefault()
  if (link.href !== location.href) history.pushState(null, "", link.href)
  // A new page begins at its heading, for eyes and for screen readers alike.
  draw(byApp).focus({ preventScroll: true })
  scrollTo(0, 0)
})

addEventListener("popstate", () => draw(byApp).focus({ preventScroll: true }))

draw(byServer)
