import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import { CliError } from "../errors.ts"
import { exitCodes } from "../exitCodes.ts"
import { findPeer, type Peer, type Peers } from "../peers.ts"

export const name = Args.text({ name: "name" }).pipe(Args.withDescription("The peer's name."))

/** The peer of that name. */
export const needPeer = (saved: Peers, name: string): Effect.Effect<Peer, CliError> => {
  const peer = findPeer(saved, name)
  const known = Object.keys(saved.peers)
  if (peer !== undefined) return Effect.succeed(peer)
  return new CliError({
    code: "PEER_NOT_FOUND",
    message: `there is no peer '${name}' (${known.length === 0 ? "there are none yet" : `known: ${known.join(", ")}`})`,
    exitCode: exitCodes.notFound,
  })
}
