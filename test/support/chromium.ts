import { existsSync } from "node:fs"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { describe } from "vitest"

const executable = "/usr/bin/chromium"
const isThere = existsSync(executable)
if (!isThere) console.warn(`Skipped: the tests in a browser need Debian's package chromium (${executable}).`)

/** `describe` for what needs a real browser; a machine without one is told so. */
export const describeInBrowser = describe.skipIf(!isThere)

/** What would make a busy machine busier, and addresses outside of it. */
const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

let browser: Promise<Browser> | undefined

/** A page with cookies, storage and a cache of its own, in the one browser of this process. Its context is closed with `closePage`. */
export const newPage = async (options?: BrowserContextOptions): Promise<Page> => {
  browser ??= chromium.launch({ executablePath: executable, args: quiet })
  return (await (await browser).newContext(options)).newPage()
}

/** Closes the page, and what it kept. */
export const closePage = (page: Page | undefined): Promise<void> | undefined => page?.context().close()
