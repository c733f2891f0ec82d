import * as Args from "@effect/cli/Args"
import { Effect } from "effect"
import { CliError } from "../errors.ts"
import { exitCodes } from "../exitCodes.ts"
import type { Peer, Peers } from "../peers.ts"

export const name = Args.text({ name: "name" }).pipe(Args.withDescription("The peer's name."))

/** The peer of that name. */
export const needPeer = ({ peers }: Peers, name: string): Effect.Effect<Peer, CliError> => {
  const peer = peers[name]
  const known = Object.keys(peers)
  if (peer !== undefined) return Effect.succeed(peer)
  return new CliError({
    code: "PEER_NOT_FOUND",
    message: `there is no peer '${name}' (${known.length === 0 ? "there are none yet" : `known: ${known.join(", ")}`})`,
    exitCode: exitCodes.notFound,
  })
}
