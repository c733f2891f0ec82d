import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server"
import { challengeLifeMs, challenges } from "./challenges.ts"

/** What is kept of a passkey. */
export interface Passkey {
  /** The credential id, in base64url. */
  readonly id: string
  /** The public key as COSE (RFC 9052), in base64url. */
  readonly publicKey: string
  /** How often the authenticator has signed. Many, such as those that synchronise, always say 0. */
  readonly counter: number
  /** How the browser may reach it: `internal`, `hybrid`, `usb`, … */
  readonly transports: ReadonlyArray<string>
}

/** Whom the passkeys are for (WebAuthn's relying party). */
export interface RelyingParty {
  /** The host that passkeys are bound to. Those of a domain can be asked for by every site below it, so it should be the admin host. */
  readonly id: string
  /** What the browser shows. */
  readonly name: string
  /** Where the login page may be, such as `https://admin.example.com`. */
  readonly origins: ReadonlyArray<string>
}

/** `reason` is for the log: it may quote what the browser sent. */
export type Refused = { readonly ok: false; readonly reason: string }

export interface Passkeys {
  /** What `navigator.credentials.create()` takes, for a user who is logged in. `existing` are the passkeys that the user has. */
  readonly registrationOptions: (options: {
    readonly party: RelyingParty
    readonly user: string
    readonly username: string
    readonly existing: ReadonlyArray<Pick<Passkey, "id" | "transports">>
  }) => Promise<PublicKeyCredentialCreationOptionsJSON>
  /**
   * Checks what `navigator.credentials.create()` gave, as JSON. The caller refuses a passkey whose id is already known, whoever's it is.
   */
  readonly verifyRegistration: (options: {
    readonly party: RelyingParty
    readonly user: string
    readonly response: unknown
  }) => Promise<{ readonly ok: true; readonly passkey: Passkey } | Refused>
  /** What `navigator.credentials.get()` takes. It names no passkeys: the authenticator knows its user. */
  readonly authenticationOptions: (options: { readonly party: RelyingParty }) => Promise<PublicKeyCredentialRequestOptionsJSON>
  /**
   * Checks what `navigator.credentials.get()` gave, as JSON, against the passkey that its `id` names and the user whose it is.
   * The caller keeps the counter.
   */
  readonly verifyAuthentication: (options: {
    readonly party: RelyingParty
    readonly user: string
    readonly passkey: Pick<Passkey, "id" | "publicKey" | "counter">
    readonly response: unknown
  }) => Promise<{ readonly ok: true; readonly counter: number } | Refused>
}

/**
 * Passkeys (WebAuthn level 3). They are kept by the authenticator ("resident"), so that a login needs no user name, and the
 * authenticator checks its user by PIN or finger each time, so that a passkey is both factors at once. Who made the authenticator is
 * not asked. `now` is in milliseconds.
 */
export const passkeys = ({ now }: { readonly now: () => number }): Passkeys => {
  /** Apart, since everybody may begin a login: however many do, they drive out no registration. */
  const registrations = challenges({ now })
  const logins = challenges({ now })

  return {
    registrationOptions: async ({ party, user, username, existing }) => {
      const { generateRegistrationOptions } = await library()
      return generateRegistrationOptions({
        rpID: party.id,
        rpName: party.name,
        userID: new TextEncoder().encode(user),
        userName: username,
        userDisplayName: username,
        challenge: registrations.issue(user),
        timeout: challengeLifeMs,
        attestationType: "none",
        excludeCredentials: existing.map(({ id, transports }) => ({ id, transports: [...transports] })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        supportedAlgorithmIDs: [...algorithms],
      })
    },

    verifyRegistration: async ({ party, user, response }) => {
      const { verifyRegistrationResponse, withoutAttestation } = await library()
      return unlessRefused(async () => {
        refuseFrames(response)
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          response: withoutAttestation(response as RegistrationResponse),
          expectedChallenge: (challenge) => registrations.take(user, challenge),
          expectedOrigin: [...party.origins],
          expectedRPID: [party.id],
          requireUserVerification: true,
          supportedAlgorithmIDs: [...algorithms],
        })
        if (!verified) return refused("The attestation does not hold.")
        const { id, publicKey, counter, transports } = registrationInfo.credential
        if (id.length > longestId) return refused("The credential id is too long.")
        return {
          ok: true,
          passkey: { id, publicKey: Buffer.from(publicKey).toString("base64url"), counter, transports: knownTransports(transports) },
        }
      })
    },

    authenticationOptions: async ({ party }) => {
      const { generateAuthenticationOptions } = await library()
      return generateAuthenticationOptions({
        rpID: party.id,
        challenge: logins.issue(anyUser),
        timeout: challengeLifeMs,
        userVerification: "required",
      })
    },

    verifyAuthentication: async ({ party, user, passkey, response }) => {
      const { verifyAuthenticationResponse } = await library()
      return unlessRefused(async () => {
        refuseFrames(response)
        const given = response as AuthenticationResponse
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response: given,
          expectedChallenge: (challenge) => logins.take(anyUser, challenge),
          expectedOrigin: [...party.origins],
          expectedRPID: [party.id],
          requireUserVerification: true,
          credential: { id: passkey.id, publicKey: new Uint8Array(Buffer.from(passkey.publicKey, "base64url")), counter: passkey.counter },
        })
        if (!verified) return refused("The signature is not that of the passkey.")
        if (given.id !== passkey.id) return refused("It was signed by another passkey than is checked.")
        if (given.response.userHandle !== userHandle(user)) return refused("The passkey is another user's.")
        return { ok: true, counter: authenticationInfo.newCounter }
      })
    },
  }
}

/** The purpose of a login's challenge: who logs in is only known by the answer. */
const anyUser = "login"

/** COSE's names of EdDSA, ES256 and RS256: what every release can check, whatever its Node can besides. */
const algorithms = [-8, -7, -257] as const

/** In base64url: the standard allows 1023 bytes. */
const longestId = 1364

/** What an authenticator knows its user by, as the browser sends it back. */
const userHandle = (user: string): string => Buffer.from(user, "utf8").toString("base64url")

const transportsOfTheStandard: ReadonlySet<string> = new Set(["ble", "hybrid", "internal", "nfc", "smart-card", "usb"])

const knownTransports = (sent: unknown): ReadonlyArray<string> =>
  Array.isArray(sent) ? [...new Set(sent)].filter((transport) => transportsOfTheStandard.has(transport)) : []

const refused = (reason: string): Refused => ({ ok: false, reason })

/** The library throws plain errors for whatever is wrong with a response; nothing else can fail here. */
const unlessRefused = async <A>(verify: () => Promise<A | Refused>): Promise<A | Refused> => {
  try {
    return await verify()
  } catch (error) {
    return refused(error instanceof Error ? error.message.slice(0, 300) : String(error))
  }
}

/** The login page is never inside another page. The library lets through a frame whose outer page the browser does not name. */
const refuseFrames = (response: unknown): void => {
  const { clientDataJSON } = (response as RegistrationResponse | AuthenticationResponse).response
  const { crossOrigin } = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString("utf8")) as { readonly crossOrigin?: unknown }
  if (crossOrigin !== undefined && crossOrigin !== false) throw new Error("It was signed inside another origin's page.")
}

type Library = typeof import("@simplewebauthn/server")
type RegistrationResponse = Parameters<Library["verifyRegistrationResponse"]>[0]["response"]
type AuthenticationResponse = Parameters<Library["verifyAuthenticationResponse"]>[0]["response"]

/** Loaded when it is first needed: it takes a tenth of a second and some 15 MB, and most servers never need it. */
const library = async () => {
  const [server, { decodeAttestationObject, isoBase64URL, isoCBOR }] = await Promise.all([
    import("@simplewebauthn/server"),
    import("@simplewebauthn/server/helpers"),
  ])
  return {
    ...server,
    /**
     * A response as if the authenticator had told nothing about its maker. Some do unasked, and to check what they tell, the library
     * would read certificates that anybody can make up, and fetch the revocation list from the address in them.
     */
    withoutAttestation: (response: RegistrationResponse): RegistrationResponse => {
      const authData = decodeAttestationObject(isoBase64URL.toBuffer(response.response.attestationObject)).get("authData")
      const bare = isoCBOR.encode(
        new Map<string, string | Uint8Array | Map<string, never>>([
          ["fmt", "none"],
          ["attStmt", new Map<string, never>()],
          ["authData", authData],
        ]),
      )
      return { ...response, response: { ...response.response, attestationObject: isoBase64URL.fromBuffer(bare) } }
    },
  }
}
