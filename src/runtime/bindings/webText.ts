import { TextDecoder } from "node:util"
import type { HostTable } from "../host.ts"

/** Text that holds U+0000 crosses as JSON; the guest asks again for that when it gets nothing. */
const crossing = (text: string, json: number): string | undefined => (json ? JSON.stringify(text) : text.includes("\0") ? undefined : text)

const textIn = (text: string, json: number): string => (json ? JSON.parse(text) : text)

export const textFunctions = (): HostTable => {
  const decoders = new Map<string, TextDecoder>()

  const decoderFor = (encoding: string, fatal: number): TextDecoder => {
    const key = encoding + fatal
    const known = decoders.get(key)
    if (known !== undefined) return known
    const decoder = new TextDecoder(encoding, { fatal: fatal === 1, ignoreBOM: true })
    decoders.set(key, decoder)
    return decoder
  }

  return {
    /** The name of an encoding, if it is one. */
    "text.encoding": {
      kind: "sync",
      takes: "s",
      run: (label: string): string | undefined => {
        try {
          return new TextDecoder(label).encoding
        } catch {
          return undefined
        }
      },
    },
    "text.encode": {
      kind: "sync",
      takes: "sn",
      run: (text: string, json: number): Uint8Array => Buffer.from(textIn(text, json)),
    },
    /** 0: not well-formed, and it had to be. */
    "text.decode": {
      kind: "sync",
      takes: "snnb",
      run: (encoding: string, fatal: number, json: number, bytes: Uint8Array): string | 0 | undefined => {
        const decoder = decoderFor(encoding, fatal)
        let text: string
        try {
          text = decoder.decode(bytes)
        } catch {
          return 0
        }
        return crossing(text, json)
      },
    },
    "base64.encode": {
      kind: "sync",
      takes: "sn",
      run: (text: string, json: number): string => Buffer.from(textIn(text, json), "latin1").toString("base64"),
    },
    /** 0: not base64. */
    "base64.decode": {
      kind: "sync",
      takes: "sn",
      run: (text: string, json: number): string | 0 | undefined => {
        try {
          return crossing(atob(text), json)
        } catch {
          return 0
        }
      },
    },
  }
}
