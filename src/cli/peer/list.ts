import * as Effect from "effect/Effect"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { readPeers, tokenHint } from "../peers.ts"
import { table } from "../table.ts"
import { verb } from "../verb.ts"

const columns = [{ title: "NAME" }, { title: "" }, { title: "URL" }, { title: "API KEY" }]

export const list = verb("list", { summary: "List the servers that are remembered.", examples: ["fazt peer list"] }, { json }, ({ json }) =>
  Effect.flatMap(readPeers, (saved) => {
    const peers = Object.entries(saved.peers).map(([name, { url, token }]) => ({
      name,
      url,
      token: tokenHint(token),
      default: name === saved.default,
    }))
    return answer(json, peers, (look) => {
      if (peers.length === 0) return "There are no peers yet: add one with `fazt peer add <name> --url <url> --token <key>`."
      const rows = peers.map((peer) => [
        { text: peer.name, paint: look.paint.bold },
        { text: peer.default ? "default" : "", paint: look.paint.green },
        peer.url,
        { text: peer.token === "" ? "none" : peer.token, paint: look.paint.dim },
      ])
      return table(columns, rows, look)
    })
  }),
)
