const form = document.querySelector("form")
const list = document.querySelector("ol")
const more = document.querySelector(".more")
const status = document.querySelector("[role=status]")
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" })

const call = async (path, options) => {
  const response = await fetch(path, options)
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error)
  return answer
}

/** What visitors wrote goes in as text, never as HTML. */
const itemOf = ({ name, message, at }) => {
  const item = document.createElement("li")
  const words = document.createElement("p")
  words.textContent = message
  const who = document.createElement("footer")
  const time = document.createElement("time")
  time.dateTime = new Date(at).toISOString()
  time.textContent = dates.format(at)
  who.append(`${name}, `, time)
  item.append(words, who)
  return item
}

let shown = 0

const showMore = async () => {
  const { entries, more: hasMore } = await call(`/api/entries?offset=${shown}`)
  list.append(...entries.map(itemOf))
  shown += entries.length
  more.hidden = !hasMore
  if (shown === 0) status.textContent = "Nobody has signed yet. Be the first."
}

more.addEventListener("click", () => showMore().catch((error) => (status.textContent = error.message)))

form.addEventListener("submit", async (event) => {
  event.preventDefault()
  const button = form.querySelector("button")
  button.disabled = true
  try {
    const entry = await call("/api/entries", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    })
    list.prepend(itemOf(entry))
    shown++
    form.reset()
    status.textContent = "Thank you."
  } catch (error) {
    status.textContent = error.message
  }
  button.disabled = false
})

showMore().catch(() => (status.textContent = "The entries could not be loaded."))
