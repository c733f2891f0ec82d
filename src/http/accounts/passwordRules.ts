import { readFileSync } from "node:fs"
import { commonPasswordsFile } from "../../resources.ts"

/** In code points. */
const fewest = 8

/** In bytes of UTF-8: more than anybody types, and little enough to be hashed for a stranger. */
export const mostPasswordBytes = 1024

/**
 * What is wrong with a password that somebody wants to have, as a sentence; nothing if it may be had. `context` is what anybody would
 * try for this account: the user name, the domain.
 *
 * There are no rules about kinds of characters (NIST SP 800-63B 3.1.1.2). Refused is what is guessed first: a common password, the
 * context or a part of it, each in any case and with up to six digits and signs behind it (`Password2024!`), and what only repeats up
 * to four characters (`abcabcabc`).
 */
export const passwordProblem = (password: string, context: ReadonlyArray<string>): string | undefined => {
  const characters = [...password.normalize("NFC")].length
  if (characters < fewest) return `A password has at least ${fewest} characters.`
  if (Buffer.byteLength(password.normalize("NFC"), "utf8") > mostPasswordBytes) return `A password has at most ${mostPasswordBytes} bytes.`
  const folded = fold(password)
  if (/^(.{1,4}?)\1+$/su.test(folded)) return "The password only repeats a few characters. Choose another one."
  const guesses = cores(folded)
  if (guesses.some((guess) => commonPasswords().has(guess))) return "The password is one that is guessed first. Choose another one."
  const known = new Set(context.flatMap((text) => [fold(text), ...fold(text).split(/[^\p{L}\p{N}]+/u)]).filter((part) => part !== ""))
  if (guesses.some((guess) => known.has(guess))) return "The password is almost the user name or the domain. Choose another one."
  return undefined
}

const fold = (text: string): string => text.normalize("NFKC").toLowerCase()

/** The text, and what is left of it without one, two, … of the digits and signs at its end. */
const cores = (text: string): ReadonlyArray<string> => {
  const found = [text]
  for (let rest = text; found.length <= 6; found.push(rest)) {
    const shorter = rest.replace(/[\p{N}\p{P}\p{S}]$/u, "")
    if (shorter === rest) break
    rest = shorter
  }
  return found
}

let common: ReadonlySet<string> | undefined

/** Read when it is first asked for. */
const commonPasswords = (): ReadonlySet<string> => {
  common ??= new Set(
    readFileSync(commonPasswordsFile, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#")),
  )
  return common
}
