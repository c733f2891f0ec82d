const size = 24
const canvas = document.querySelector("canvas")
const context = canvas.getContext("2d")
const points = document.querySelector("output")
const start = document.querySelector(".start")
const form = document.querySelector("form")
const status = document.querySelector("[role=status]")
const best = document.querySelector("ol")
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name)

/** The game: cells are `[x, y]`, the head first. */
let snake
let direction
let turns
let food
let timer

const score = () => snake.length - 3

const begin = () => {
  snake = [[12, 12], [11, 12], [10, 12]]
  direction = [1, 0]
  turns = []
  food = freeCell()
  form.hidden = true
  start.hidden = true
  status.textContent = ""
  canvas.focus()
  run()
}

const run = () => {
  timer = setTimeout(step, Math.max(55, 140 - score() * 3))
}

const freeCell = () => {
  for (;;) {
    const cell = [Math.floor(Math.random() * size), Math.floor(Math.random() * size)]
    if (!snake.some((part) => isSame(part, cell))) return cell
  }
}

const isSame = (a, b) => a[0] === b[0] && a[1] === b[1]

const step = () => {
  direction = turns.shift() ?? direction
  const head = [snake[0][0] + direction[0], snake[0][1] + direction[1]]
  const isOut = head.some((place) => place < 0 || place >= size)
  if (isOut || snake.slice(0, -1).some((part) => isSame(part, head))) return end()
  snake.unshift(head)
  if (isSame(head, food)) food = freeCell()
  else snake.pop()
  draw()
  run()
}

const end = () => {
  timer = undefined
  start.textContent = "Again"
  start.hidden = false
  form.hidden = score() === 0
  status.textContent = `The end, with ${score()} ${score() === 1 ? "point" : "points"}.`
}

const draw = () => {
  const cell = canvas.width / size
  context.clearRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = color("--food")
  context.beginPath()
  context.arc((food[0] + 0.5) * cell, (food[1] + 0.5) * cell, cell * 0.38, 0, Math.PI * 2)
  context.fill()
  context.fillStyle = color("--snake")
  for (const [x, y] of snake) context.fillRect(x * cell + 1, y * cell + 1, cell - 2, cell - 2)
  points.textContent = score()
}

const turn = (to) => {
  const from = turns.at(-1) ?? direction
  // Neither back into itself nor the same way again.
  if (to[0] !== from[0] && to[1] !== from[1] && turns.length < 3) turns.push(to)
}

const keys = {
  ArrowUp: [0, -1], KeyW: [0, -1],
  ArrowDown: [0, 1], KeyS: [0, 1],
  ArrowLeft: [-1, 0], KeyA: [-1, 0],
  ArrowRight: [1, 0], KeyD: [1, 0],
}

addEventListener("keydown", (event) => {
  if (timer === undefined || event.target instanceof HTMLInputElement) return
  if (event.code === "Space") {
    event.preventDefault()
    pause()
  } else if (keys[event.code] !== undefined) {
    event.preventDefault()
    turn(keys[event.code])
  }
})

let isPaused = false
const pause = () => {
  isPaused = !isPaused
  status.textContent = isPaused ? "Paused." : ""
  if (isPaused) clearTimeout(timer)
  else run()
}

let touch
canvas.addEventListener("pointerdown", (event) => (touch = event))
canvas.addEventListener("pointerup", (event) => {
  if (touch === undefined || timer === undefined) return
  const [x, y] = [event.clientX - touch.clientX, event.clientY - touch.clientY]
  if (Math.max(Math.abs(x), Math.abs(y)) > 20) turn(Math.abs(x) > Math.abs(y) ? [Math.sign(x), 0] : [0, Math.sign(y)])
  touch = undefined
})

start.addEventListener("click", begin)

const showBest = (scores, mine) => {
  best.replaceChildren(
    ...scores.map(({ id, name, score }) => {
      const item = document.createElement("li")
      const [who, how] = [document.createElement("span"), document.createElement("span")]
      who.textContent = name
      how.textContent = score
      item.className = id === mine ? "mine" : ""
      item.append(who, how)
      return item
    }),
  )
}

const call = async (options) => {
  const response = await fetch("/api/scores", options)
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error)
  return answer
}

form.addEventListener("submit", async (event) => {
  event.preventDefault()
  try {
    const body = JSON.stringify({ name: new FormData(form).get("name"), score: score() })
    const { id, place, scores } = await call({ method: "POST", headers: { "content-type": "application/json" }, body })
    showBest(scores, id)
    form.hidden = true
    status.textContent = `Saved: place ${place}.`
  } catch (error) {
    status.textContent = error.message
  }
})

call().then(({ scores }) => showBest(scores), () => (status.textContent = "The best scores could not be loaded."))
