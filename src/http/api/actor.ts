import { localUser, ownerUser } from "../../events/accounts.ts"
import type { Principal } from "./policy.ts"

/** A user as events name who did something. */
export const actorOf = (user: string): string => (user === ownerUser ? "owner" : `user:${user}`)

/** Who acts on an account, as its decisions want to know it. */
export const actingUser = ({ via, user }: Pick<Principal, "via" | "user">): string => (via === "local" ? localUser : user)
