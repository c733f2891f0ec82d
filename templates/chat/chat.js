const log = document.querySelector("ol")
const form = document.querySelector("form")
const status = document.querySelector("[role=status]")
const shown = new Set()

const show = ({ id, name, text }) => {
  if (shown.has(id)) return
  shown.add(id)
  const item = document.createElement("li")
  const who = document.createElement("strong")
  who.textContent = name
  item.append(who, ` ${text}`)
  log.append(item)
  log.scrollTop = log.scrollHeight
}

/** Opens the socket, and again when it is lost. What was missed meanwhile is fetched. */
const connect = () => {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/_ws`)
  socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "subscribe", channel: "chat" })))
  socket.addEventListener("message", async ({ data }) => {
    const message = JSON.parse(data)
    if (message.type === "message") show(message.data)
    if (message.type === "subscribed") {
      status.textContent = "Connected."
      const { messages } = await (await fetch("/api/messages")).json()
      messages.forEach(show)
    }
  })
  socket.addEventListener("close", () => {
    status.textContent = "Not connected. Trying again …"
    setTimeout(connect, 1000 + Math.random() * 2000)
  })
}

form.addEventListener("submit", async (event) => {
  event.preventDefault()
  const message = Object.fromEntries(new FormData(form))
  const response = await fetch("/api/messages", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(message),
  }).catch(() => undefined)
  if (response?.ok) form.elements.text.value = ""
  else status.textContent = "The message could not be sent. Try again."
})

connect()
