/**
 * Makes an element. Attributes that are false or nothing are left out; `on…` are listeners. Text never becomes markup.
 * @param {string} tag
 * @param {Record<string, unknown>} attributes
 * @param {...(Node | string | undefined | false)} children
 */
export const h = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? "" : String(value))
  }
  element.append(...children.filter((child) => child !== undefined && child !== false))
  return element
}

/** Text with `code` and **strong** in it, as nodes. */
export const inline = (text) =>
  text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`") && part.length > 2) return h("code", {}, part.slice(1, -1))
    return part.startsWith("**") && part.length > 4 ? h("strong", {}, part.slice(2, -2)) : part
  })

/** Paragraphs that have an empty line between them. */
export const paragraphs = (text) => text.split("\n\n").map((part) => h("p", {}, ...inline(part)))

/** A block of code with a button that copies it, where the browser lets pages copy. */
export const codeBlock = (text, label) => {
  const copy = async ({ currentTarget: button }) => {
    await navigator.clipboard.writeText(text)
    button.textContent = "Copied"
    setTimeout(() => (button.textContent = "Copy"), 1500)
  }
  return h(
    "div",
    { class: "code" },
    h("pre", { tabindex: "0", "aria-label": label }, h("code", {}, text)),
    navigator.clipboard !== undefined && h("button", { type: "button", class: "copy", "aria-label": `Copy: ${label}`, onclick: copy }, "Copy"),
  )
}
