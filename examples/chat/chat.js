// Rooms are named in the address: /#garden.
const room = /^#[a-z0-9-]{1,40}$/.test(location.hash) ? location.hash.slice(1) : "lobby"
const path = `/api/rooms/${room}/messages`
const log = document.querySelector("ol")
const form = document.querySelector("form")
const status = document.querySelector("[role=status]")
const times = new Intl.DateTimeFormat(undefined, { timeStyle: "short" })
const shown = new Set()

document.querySelector(".room").textContent = `#${room}`
addEventListener("hashchange", () => location.reload())

/** Messages come from the history and over the socket, in any order and some of them twice. */
const show = ({ id, name, text, at }) => {
  if (shown.has(id)) return
  shown.add(id)
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  const item = document.createElement("li")
  const who = document.createElement("strong")
  who.textContent = name
  const time = document.createElement("time")
  time.dateTime = new Date(at).toISOString()
  time.textContent = times.format(at)
  const words = document.createElement("p")
  words.textContent = text
  item.dataset.at = at
  item.append(who, time, words)
  const after = [...log.children].findLast((other) => Number(other.dataset.at) <= at)
  if (after === undefined) log.prepend(item)
  else after.after(item)
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

const present = (people) => (status.textContent = `${people} ${people === 1 ? "person" : "people"} here`)

let wait = 500

const connect = () => {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/_ws`)
  socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "subscribe", channel: room })))
  socket.addEventListener("message", async ({ data }) => {
    const message = JSON.parse(data)
    if (message.type === "message") show(message.data)
    if (message.type !== "subscribed") return
    wait = 500
    // Only now, so that nothing is missed between the history and the socket.
    const { messages, people } = await (await fetch(path)).json()
    messages.forEach(show)
    present(people)
  })
  socket.addEventListener("close", () => {
    status.textContent = "Not connected. Trying again …"
    setTimeout(connect, wait + Math.random() * wait)
    wait = Math.min(wait * 2, 30_000)
  })
}

form.addEventListener("submit", async (event) => {
  event.preventDefault()
  const { name, text } = Object.fromEntries(new FormData(form))
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, text }),
    })
    const answer = await response.json()
    if (!response.ok) throw new Error(answer.error)
    present(answer.people)
    show(answer.message)
    form.elements.text.value = ""
  } catch (error) {
    status.textContent = error.message
  }
})

connect()
