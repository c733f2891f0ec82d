/**
 * Why a text that a visitor sent cannot be taken; nothing if it can.
 * @param {string} what
 * @param {unknown} value
 * @param {number} most
 */
export const textProblem = (what, value, most) => {
  if (typeof value !== "string" || value.trim() === "") return `${what} is missing.`
  return value.length > most ? `${what} can have ${most} characters.` : undefined
}
