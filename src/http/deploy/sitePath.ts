/** The rules for the name of one file inside a site, whichever way it arrives: in a zip or in a manifest. */

const maxPathBytes = 1024
const maxSegmentBytes = 255
/** Composing (NFC) leaves a third of a name at least, so what is longer than this comes out too long; it bounds the work. */
const maxRawBytes = maxPathBytes * 4

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point.
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/
const driveLetter = /^[a-z]:/i
/** Windows opens a device for these, whatever follows the first dot, colon or trailing spaces. */
const deviceName = /^(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]|conin\$|conout\$) *(?:[.:]|$)/i

type Checked = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly reason: string }

/** The NFC-normalised path, or the reason why it cannot be in a site. */
export function checkSitePath(path: string): Checked {
  const before = unreadable(path)
  if (before !== undefined) return { ok: false, reason: before }
  const normal = path.normalize("NFC")
  const reason = wrongPath(normal) ?? wrongSegmentOf(normal)
  return reason === undefined ? { ok: true, path: normal } : { ok: false, reason }
}

function unreadable(path: string): string | undefined {
  if (path === "") return "the path is empty"
  if (!path.isWellFormed()) return "the path is not valid Unicode"
  if (Buffer.byteLength(path) > maxRawBytes) return tooLong
  return undefined
}

const tooLong = `the path is longer than ${maxPathBytes} bytes`

function wrongPath(path: string): string | undefined {
  if (Buffer.byteLength(path) > maxPathBytes) return tooLong
  if (controlCharacter.test(path)) return "the path contains a control character"
  if (path.includes("\\")) return "the path contains a backslash"
  if (path.startsWith("/")) return "the path is absolute"
  if (driveLetter.test(path)) return "the path starts with a drive letter"
  return undefined
}

function wrongSegmentOf(path: string): string | undefined {
  for (const segment of path.split("/")) {
    const reason = wrongSegment(segment)
    if (reason !== undefined) return reason
  }
  return undefined
}

function wrongSegment(segment: string): string | undefined {
  if (segment === "") return "the path has an empty segment"
  if (segment === "." || segment === "..") return `the path has a "${segment}" segment`
  if (Buffer.byteLength(segment) > maxSegmentBytes) return `a segment of the path is longer than ${maxSegmentBytes} bytes`
  if (segment.endsWith(".") || segment.endsWith(" ")) return "a segment of the path ends in a dot or a space"
  if (deviceName.test(segment)) return "a segment of the path is a Windows device name"
  return undefined
}
