// 1. The front page asks its own server for a file and shows what came back.
const inspector = document.querySelector("#inspector")

if (inspector) {
  const form = inspector.querySelector("form")
  const answer = inspector.querySelector(".answer")
  const shown = [
    "content-type",
    "content-length",
    "content-encoding",
    "cache-control",
    "etag",
    "accept-ranges",
    "vary",
    "referrer-policy",
    "x-example",
  ]

  const element = (name, text) => Object.assign(document.createElement(name), { textContent: text })

  const ask = async (address) => {
    const response = await fetch(address, { cache: "no-store" })
    const { pathname, search } = new URL(response.url)
    const body = await response.arrayBuffer()
    const list = document.createElement("dl")
    for (const name of shown) {
      const value = response.headers.get(name)
      if (value !== null) list.append(element("dt", name), element("dd", value))
    }
    list.append(element("dt", "unpacked"), element("dd", `${body.byteLength} bytes`))
    const way = response.redirected ? `Redirected to ${pathname}${search}, status ${response.status}` : `Status ${response.status}`
    return [element("p", way), list]
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    try {
      answer.replaceChildren(...(await ask(form.elements.address.value)))
    } catch {
      answer.replaceChildren(element("p", "No answer. Is the server still running?"))
    }
  })

  inspector.hidden = false
}

// 2. The history page says where a redirected visitor came from: /news/2024/hello arrives as ?from=2024.
const notice = document.querySelector("#from")
const year = new URLSearchParams(location.search).get("from")

if (notice && /^\d{4}$/.test(year ?? "")) {
  notice.textContent = `You followed a link to the news of ${year}. A rule in _redirects brought you here.`
  notice.hidden = false
}
