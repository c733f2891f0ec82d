import { ownerUser } from "../../events/accounts.ts"

/** A user as events name who did something. */
export const actorOf = (user: string): string => (user === ownerUser ? "owner" : `user:${user}`)
