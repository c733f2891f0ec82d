import { localUser } from "../../events/accounts.ts"
import type { Principal } from "./policy.ts"

/** A user as events name who did something; `owner` is whoever is at the machine itself. */
export const actorOf = (user: string): string => `user:${user}`

/** Who acts on an account, as its decisions want to know it. */
export const actingUser = ({ via, user }: Pick<Principal, "via" | "user">): string => (via === "local" ? localUser : user)
