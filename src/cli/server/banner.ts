import * as Option from "effect/Option"
import type { Ready } from "../serve.ts"
import { type Look, pairs } from "../table.ts"

export const renderBanner = (ready: Ready, look: Look): string => {
  const { paint } = look
  const lines = [
    `${paint.green("✓")} ${paint.bold(`Fazt ${ready.version}`)} is running at ${paint.cyan(ready.url)}`,
    "",
    indented(
      [
        ["Sites", siteUrl(ready, "<site>")],
        ["Cartridge", ready.db],
        ["Head", `${ready.head.seq}:${ready.head.hash}`],
      ],
      look,
    ),
  ]
  if (Option.isSome(ready.readOnly)) lines.push("", paint.red(ready.readOnly.value))
  if (Option.isSome(ready.firstRun)) {
    const { username, password, token, published } = ready.firstRun.value
    lines.push("", paint.bold("The owner's credentials, shown this once, so keep them:"), "")
    lines.push(
      indented(
        [
          ["Username", username],
          ["Password", password],
          ["API key", token],
        ],
        look,
      ),
    )
    if (published.length > 0) lines.push("", "Example sites:", "", ...published.map((site) => `  ${paint.cyan(siteUrl(ready, site))}`))
  }
  return `${lines.join("\n")}\n`
}

/** A site's address: the server's, with its host below the domain. */
const siteUrl = ({ url, domain }: Ready, site: string): string => {
  const { protocol, port } = new URL(url)
  return `${protocol}//${site}.${domain}${port === "" ? "" : `:${port}`}`
}

const indented = (rows: ReadonlyArray<readonly [string, string]>, look: Look): string =>
  pairs(rows, { ...look, columns: undefined }).replaceAll(/^/gm, "  ")
