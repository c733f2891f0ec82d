/** One of the Server-Sent Events (WHATWG HTML, 9.2). */
export interface ServerSentEvent {
  /** The last id that the stream has given, with this event or before. */
  readonly id: string
  /** `message` where the stream gives no name. */
  readonly event: string
  readonly data: string
}

/** Reads a stream of Server-Sent Events: takes its bytes as they come, gives the events that are complete. */
export const eventStreamReader = (): ((bytes: Uint8Array) => ReadonlyArray<ServerSentEvent>) => {
  const decoder = new TextDecoder()
  let rest = ""
  let id = ""
  let event = ""
  let data: Array<string> = []

  const field = (line: string): void => {
    const colon = line.indexOf(":")
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "")
    if (name === "id") id = value
    else if (name === "event") event = value
    else if (name === "data") data.push(value)
  }

  /** What an empty line ends, if it is an event at all. */
  const finished = (): ReadonlyArray<ServerSentEvent> => {
    const found = data.length === 0 ? [] : [{ id, event: event || "message", data: data.join("\n") }]
    event = ""
    data = []
    return found
  }

  return (bytes) => {
    // What came before has no end of a line in it: it is not looked through again for each part of a long one.
    const text = decoder.decode(bytes, { stream: true })
    if (!text.includes("\n")) {
      rest += text
      return []
    }
    const lines = (rest + text).split(/\r?\n/)
    rest = lines.pop()!
    return lines.flatMap((line) => {
      if (line === "") return finished()
      field(line)
      return []
    })
  }
}
