import { h, inline, paragraphs } from "./dom.js"
import { codesOf, endpointBody, errorCodes } from "./endpoint.js"
import { schemas } from "./schema.js"

const byId = (id) => document.getElementById(id)

const load = async () => {
  const answer = await fetch("/api/openapi.json")
  if (!answer.ok) throw new Error(`The server says ${answer.status}.`)
  return answer.json()
}

/** Every operation, with its group and the words that a search looks at. */
const endpointsOf = (api) =>
  Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      id: operation.operationId,
      group: operation.tags[0],
      method: method.toUpperCase(),
      path,
      operation,
      words: [method, path, operation.operationId, operation.summary, operation.description, ...parameterNames(operation)].join(" ").toLowerCase(),
    })),
  )

const parameterNames = ({ parameters = [] }) => parameters.map(({ name }) => name)

/** One operation, folded; what is in it is made when it is first opened. */
const folded = (api, read, endpoint) => {
  const { id, method, path, operation } = endpoint
  const element = h(
    "details",
    { class: "endpoint", id },
    h(
      "summary",
      {},
      h("span", { class: `method ${method.toLowerCase()}` }, method),
      h("code", { class: "path" }, ...path.split(/(\{\w+\})/).map((part) => (part.startsWith("{") ? h("b", {}, part) : part))),
      h("span", { class: "summary" }, operation.summary ?? ""),
    ),
  )
  let isMade = false
  element.addEventListener("toggle", () => {
    if (!element.open) return
    if (!isMade) element.append(endpointBody(api, read, endpoint))
    isMade = true
    history.replaceState(null, "", `#${id}`)
    markCurrent(id)
  })
  return element
}

/** Marks the endpoint in the list beside the text, and lets the list show it. */
const markCurrent = (id) => {
  const list = byId("groups")
  for (const link of list.querySelectorAll("a")) {
    if (link.hash !== `#${id}`) link.removeAttribute("aria-current")
    else {
      link.setAttribute("aria-current", "true")
      const [shown, box] = [list.getBoundingClientRect(), link.getBoundingClientRect()]
      if (box.top < shown.top || box.bottom > shown.bottom) list.scrollTop += box.top - shown.top - shown.height / 3
    }
  }
}

const introduction = (api) => [
  h("h1", {}, "The API"),
  h("p", { class: "lede" }, `Fazt ${api.info.version} `, h("a", { href: "/api/openapi.json" }, "OpenAPI document")),
  ...paragraphs(api.info.description),
  h("details", { class: "codes" }, h("summary", {}, "All error codes"), allErrorCodes(api)),
]

const allErrorCodes = (api) => {
  const byStatus = new Map()
  for (const operations of Object.values(api.paths))
    for (const { responses } of Object.values(operations))
      for (const [status, { content, description }] of Object.entries(responses))
        if (Number(status) >= 400 && codesOf(api, content).length > 0) byStatus.set(status, { description, codes: codesOf(api, content) })
  const rows = [...byStatus].sort(([a], [b]) => Number(a) - Number(b))
  return h(
    "ul",
    { class: "fields" },
    ...rows.map(([status, { description, codes }]) =>
      h(
        "li",
        {},
        h("span", { class: "name" }, h("span", { class: "status bad" }, status)),
        h("span", { class: "about" }, ...inline(description), " ", ...errorCodes(codes)),
      ),
    ),
  )
}

/** Shows what has all of the words, and says how much that is. */
const searchIn = (endpoints, elements) => (text) => {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "")
  const found = endpoints.filter((endpoint) => words.every((word) => endpoint.words.includes(word)))
  const ids = new Set(found.map(({ id }) => id))
  for (const [id, { article, link }] of elements) article.hidden = link.hidden = !ids.has(id)
  for (const group of document.querySelectorAll(".group")) group.hidden = !found.some((endpoint) => endpoint.group === group.dataset.group)
  byId("introduction").hidden = words.length > 0
  byId("found").textContent = words.length === 0 ? "" : found.length === 0 ? `Nothing has “${text.trim()}” in it.` : `${found.length} of ${endpoints.length} endpoints`
  return found
}

/** Goes to the endpoint that the address names, if it does. */
const openNamed = () => {
  const element = byId(decodeURIComponent(location.hash.slice(1)))
  if (element === null) return
  if (element.matches("details.endpoint")) {
    element.open = true
    // The browser would tell of it later, and there would not be room yet to scroll to it.
    element.dispatchEvent(new Event("toggle"))
  }
  element.scrollIntoView()
}

const showMenu = (isShown) => {
  byId("menu").setAttribute("aria-expanded", String(isShown))
  document.body.classList.toggle("menu", isShown)
}

const listenToSearch = (search) => {
  const input = byId("search")
  input.addEventListener("input", () => search(input.value))
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = ""
      search("")
      input.blur()
    }
    const [first] = event.key === "Enter" ? search(input.value) : []
    if (first === undefined) return
    event.preventDefault()
    const element = byId(first.id)
    element.open = true
    element.querySelector("summary").focus()
  })
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, textarea, select")
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    input.focus()
    input.select()
  })
}

const listenToTheme = () => {
  const button = byId("theme")
  const system = matchMedia("(prefers-color-scheme: dark)")
  const isDark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark"
  const label = () => (button.textContent = isDark() ? "Light" : "Dark")
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark"
    document.documentElement.dataset.theme = theme
    label()
    try {
      localStorage.setItem("theme", theme)
    } catch {
      // It holds for this page, then.
    }
  })
  system.addEventListener("change", label)
  label()
}

const show = (api) => {
  const read = schemas(api)
  const endpoints = endpointsOf(api)
  const elements = new Map()
  byId("introduction").append(...introduction(api))
  for (const { name, description } of api.tags) {
    const mine = endpoints.filter(({ group }) => group === name)
    if (mine.length === 0) continue
    const links = []
    const articles = []
    for (const endpoint of mine) {
      const { id, method, operation } = endpoint
      const article = folded(api, read, endpoint)
      const link = h("li", {}, h("a", { href: `#${id}` }, h("span", { class: `method ${method.toLowerCase()}` }, method), h("span", {}, operation.summary ?? id)))
      elements.set(id, { article, link })
      articles.push(article)
      links.push(link)
    }
    byId("groups").append(h("section", { class: "group", "data-group": name }, h("h2", {}, h("a", { href: `#group-${name}` }, name)), h("ul", {}, ...links)))
    byId("endpoints").append(
      h("section", { class: "group", "data-group": name, id: `group-${name}` }, h("h2", {}, name), description !== undefined && h("p", {}, ...inline(description)), ...articles),
    )
  }
  byId("groups").addEventListener("click", ({ target }) => {
    if (target.closest("a") === null) return
    showMenu(false)
    // The same address again changes nothing, and yet the reader wants to go there.
    setTimeout(openNamed)
  })
  listenToSearch(searchIn(endpoints, elements))
  addEventListener("hashchange", openNamed)
  openNamed()
}

listenToTheme()
byId("menu").addEventListener("click", () => showMenu(!document.body.classList.contains("menu")))
document.addEventListener("keydown", ({ key }) => key === "Escape" && showMenu(false))
load().then(show, (error) => byId("introduction").append(h("p", { class: "problem", role: "alert" }, `The description of the API could not be loaded. ${error.message}`)))
