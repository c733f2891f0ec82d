import { newTotpSecret } from "./totp.ts"

const lifeMs = 10 * 60_000
const most = 1000

/** Secrets of authenticator apps that are being set up: known to nobody else until a first code proves that the app has them. */
export const pendingTotps = () => {
  const begun = new Map<string, { readonly secret: string; readonly until: number }>()
  return {
    /** A new secret for whoever this is; one that was begun before is forgotten. Epoch milliseconds. */
    begin: (who: string, now: number): string => {
      const secret = newTotpSecret()
      begun.delete(who)
      begun.set(who, { secret, until: now + lifeMs })
      if (begun.size > most) begun.delete(begun.keys().next().value!)
      return secret
    },
    find: (who: string, now: number): string | undefined => {
      const found = begun.get(who)
      return found !== undefined && now < found.until ? found.secret : undefined
    },
    forget: (who: string): void => {
      begun.delete(who)
    },
  }
}
