import { Secret, TOTP } from "otpauth"

/** What every authenticator app can do (RFC 6238); many ignore that a URI asks for anything else. `period` is in seconds. */
const form = { algorithm: "SHA1", digits: 6, period: 30 }

/** A secret of 160 bits, in base32. */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32

/** The `otpauth://` URI that an authenticator app takes as a QR code. `issuer` and `account` are what it shows. */
export const totpUri = ({ secret, issuer, account }: { readonly secret: string; readonly issuer: string; readonly account: string }) =>
  // A colon separates the two in the URI, also as %3A.
  new TOTP({ ...form, secret, issuer: issuer.replaceAll(":", " "), label: account.replaceAll(":", " ") }).toString()

/**
 * The time step (RFC 6238: seconds since 1970 by 30) whose code this is, `now` in epoch milliseconds; nothing if it is that of none.
 * The steps before and behind the present one count too, for clocks that differ.
 *
 * A code is good once: the caller keeps the last step that was used, and refuses it and those before it.
 */
export const totpStep = ({ secret, code, now }: { readonly secret: string; readonly code: string; readonly now: number }) => {
  const token = code.replaceAll(/\s/g, "")
  if (!/^[0-9]{6}$/.test(token)) return undefined
  const totp = new TOTP({ ...form, secret })
  const delta = totp.validate({ token, timestamp: now, window: 1 })
  return delta === null ? undefined : totp.counter({ timestamp: now }) + delta
}
