const longestChannel = 128

/** The name of a channel of WebSockets. */
export const isChannel = (name: unknown): name is string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is kept out.
  typeof name === "string" && name.length >= 1 && name.length <= longestChannel && !/[\u0000-\u001f\u007f]/.test(name)

/** What a name has to be, as the end of a sentence. */
export const channelRule = `channel is a string of 1 to ${longestChannel} characters, without control characters`
