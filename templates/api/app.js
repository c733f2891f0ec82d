const form = document.querySelector("form")
const list = document.querySelector("ul")
const status = document.querySelector("[role=status]")

/** Calls the server code in api/main.js. */
const call = async (path, options) => {
  const response = await fetch(path, options)
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error)
  return answer
}

const show = async () => {
  const { notes } = await call("/api/notes")
  status.textContent = notes.length === 0 ? "No notes yet." : ""
  list.replaceChildren(
    ...notes.map(({ id, text }) => {
      const item = document.createElement("li")
      const words = document.createElement("span")
      words.textContent = text
      const button = document.createElement("button")
      button.textContent = "Delete"
      button.setAttribute("aria-label", `Delete ${text}`)
      button.addEventListener("click", () => attempt(() => call(`/api/notes/${id}`, { method: "DELETE" })))
      item.append(words, button)
      return item
    }),
  )
}

const attempt = async (change) => {
  try {
    await change()
    await show()
  } catch (error) {
    status.textContent = error.message
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault()
  const text = new FormData(form).get("text")
  attempt(async () => {
    await call("/api/notes", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text }) })
    form.reset()
  })
})

attempt(() => {})
