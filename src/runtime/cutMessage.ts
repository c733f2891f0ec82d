/** The longest message of a log line, in bytes of UTF-8. */
export const maxMessageBytes = 8 * 1024

/** A message that fits into a log line: cut where it is too long, and then it says how long it was. */
export const cutMessage = (message: string): string => {
  // No character takes more than three bytes for each of its UTF-16 units.
  if (message.length * 3 <= maxMessageBytes) return message
  const bytes = Buffer.byteLength(message)
  if (bytes <= maxMessageBytes) return message
  const mark = ` … (cut: ${bytes} bytes)`
  // One unit takes at least one byte, so no more than that has to be encoded.
  const encoded = Buffer.from(message.slice(0, maxMessageBytes))
  let end = maxMessageBytes - Buffer.byteLength(mark)
  while ((encoded[end]! & 0xc0) === 0x80) end--
  return encoded.toString("utf8", 0, end) + mark
}
