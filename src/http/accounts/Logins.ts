import { randomUUIDv7 } from "node:crypto"
import type { IncomingMessage } from "node:http"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Asker, Commands, type HandleError } from "../../commands/Commands.ts"
import { accessQueries, type UserRow } from "../../projections/access.ts"
import { actorOf } from "../api/actor.ts"
import { type DomainError, type Failure, refusal } from "../api/envelope.ts"
import { requestId } from "../api/requestId.ts"
import { type Client, clientOf } from "../clientOf.ts"
import { Reads } from "../Reads.ts"
import { Secrets } from "../Secrets.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Settings } from "../Settings.ts"
import { type Line, LoginsBusy } from "./gate.ts"
import { type LoginThrottle, loginLimits, loginThrottle } from "./loginThrottle.ts"
import { type Passkeys, passkeys, type RelyingParty } from "./passkeys.ts"
import { hashPassword, type Verdict, verifyAgainstNobody, verifyPassword } from "./password.ts"
import { recoveryCodeIndex } from "./recoveryCodes.ts"
import { type NewSession, Sessions } from "./Sessions.ts"
import { totpStep } from "./totp.ts"

export interface LoggedIn {
  readonly user: UserRow
  readonly session: NewSession
}

interface Attempted {
  readonly succeed: () => void
  /** Where nothing was found out. */
  readonly undo: () => void
  readonly line: Line
}

/** Codes that may be wrong for one account in 15 minutes, from strange addresses together: one of a million is right. */
const codesPerAccount = 20

type LoginError = Failure | DomainError | HandleError

/** Who somebody is, found out by what they know or have. */
export class Logins extends Context.Tag("fazt/Logins")<
  Logins,
  {
    /** By name and password, and a code where the user has a second factor. */
    readonly withPassword: (
      req: IncomingMessage,
      login: { readonly username: string; readonly password: string; readonly code: string | undefined; readonly remembered: boolean },
    ) => Effect.Effect<LoggedIn, LoginError>
    /** By a passkey, which is both factors at once. */
    readonly withPasskey: (
      req: IncomingMessage,
      login: { readonly response: unknown; readonly remembered: boolean },
    ) => Effect.Effect<LoggedIn, LoginError>
    /** Has somebody who is logged in give their password once more. */
    readonly confirm: (req: IncomingMessage, user: UserRow, password: string) => Effect.Effect<void, LoginError>
    readonly passkeys: Passkeys
    /** What passkeys are bound to, by the address that the request was sent to. */
    readonly party: (req: IncomingMessage) => Effect.Effect<RelyingParty, Failure>
  }
>() {
  static readonly layer: Layer.Layer<Logins, never, Commands | Reads | Secrets | ServerInfo | Sessions | Settings> = Layer.effect(
    Logins,
    Effect.gen(function* () {
      const commands = yield* Commands
      const { db } = yield* Reads
      const read = accessQueries(db)
      const secrets = yield* Secrets
      const sessions = yield* Sessions
      const settings = yield* Settings
      const monotonic = () => performance.now()
      const throttle = loginThrottle({ now: monotonic })
      const codeThrottle = loginThrottle({ now: monotonic, limits: { ...loginLimits, account: codesPerAccount } })
      const keys = passkeys({ now: monotonic })

      const { port } = yield* ServerInfo
      const client = (req: IncomingMessage) => clientOf(req, settings.clientLimits().trusted)
      const party = (req: IncomingMessage) =>
        Effect.suspend(() => {
          const known = relyingParty(req.headers.host ?? "", client(req), port())
          return known === undefined ? Effect.fail(strangeAddress) : Effect.succeed(known)
        })
      const askerFor = (req: IncomingMessage, user: string): Asker => ({ actor: actorOf(user), cause: requestId(req) })

      /** Beside the answer: waiting for the disk would tell known names from unknown ones. The refusal leans on nothing here. */
      const recordFailure = (req: IncomingMessage, user: string, reason: "password" | "totp" | "passkey") => {
        const failure = { _tag: "RecordFailedLogin", user, reason, address: client(req).address } as const
        return Effect.forkDaemon(Effect.ignore(commands.handle(failure, { actor: "visitor", cause: requestId(req) })))
      }

      /** Reserves an attempt before anything slow is done with it. What `check` leaves undecided counts as failed. */
      const throttled = <A>(
        by: LoginThrottle,
        req: IncomingMessage,
        account: string,
        user: UserRow | undefined,
        check: (attempt: Attempted) => Effect.Effect<A, LoginError>,
      ): Effect.Effect<A, LoginError> =>
        Effect.suspend(() => {
          const { address } = client(req)
          const cookie = user !== undefined && sessions.hasKnown(req, user.user)
          const trusted = cookie || (user !== undefined && read.hasLoggedInFrom(user.user, address))
          const admission = by.attempt({ account, address, trusted, cookie })
          if (!admission.allowed) return Effect.fail(tooMany(admission.retryAfterSeconds))
          return check({ succeed: () => admission.done(true), undo: admission.undo, line: trusted ? "first" : "second" })
        })

      /** Whether it is the user's password. Takes as long where there is no such user. */
      const verify = (user: UserRow | undefined, password: string, line: Line) =>
        Effect.gen(function* () {
          const stored = user === undefined ? undefined : yield* secrets.open(user.password)
          return yield* Effect.tryPromise({
            try: () => (stored === undefined ? verifyAgainstNobody(password, line) : verifyPassword(stored, password, line)),
            catch: (error) => error,
          }).pipe(
            Effect.catchAll(
              (error): Effect.Effect<Verdict, LoginError> => (error instanceof LoginsBusy ? Effect.fail(error) : Effect.die(error)),
            ),
          )
        })

      /** Uses up a code of the app, or else a recovery code. */
      const useCode = (req: IncomingMessage, user: UserRow, code: string) =>
        Effect.gen(function* () {
          const asker = askerFor(req, user.user)
          const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
          const secret = yield* secrets.open(user.totp!)
          const step = secret === undefined ? undefined : totpStep({ secret, code, now })
          if (step !== undefined) {
            yield* commands.handle({ _tag: "UseTotp", user: user.user, step }, asker)
            return "totp" as const
          }
          const hashes = yield* secrets.open(user.recovery!)
          const index = hashes === undefined ? undefined : recoveryCodeIndex(JSON.parse(hashes), code)
          if (index === undefined) return yield* Effect.fail(invalid)
          yield* commands.handle({ _tag: "UseRecoveryCode", user: user.user, code: index }, asker)
          return "recovery_code" as const
        })

      /** What the password of this user does not do alone, if it does not. Codes are short, so tries are counted apart and more strictly. */
      const secondFactor = (
        req: IncomingMessage,
        user: UserRow,
        code: string | undefined,
      ): Effect.Effect<"password" | "totp" | "recovery_code", LoginError> => {
        if (user.totp === null) return Effect.succeed("password")
        if (code === undefined) return Effect.fail(codeMissing)
        return throttled(codeThrottle, req, user.username, user, ({ succeed, undo }) =>
          useCode(req, user, code).pipe(
            Effect.tap(() => Effect.sync(succeed)),
            // Where nothing was found out, nothing was tried.
            Effect.tapError((error) => (error.code === "INVALID_CREDENTIALS" ? Effect.void : Effect.sync(undo))),
          ),
        ).pipe(
          Effect.catchIf(
            (error) => error.code === "INVALID_CREDENTIALS",
            () => Effect.zipRight(recordFailure(req, user.user, "totp"), Effect.fail(invalid)),
          ),
        )
      }

      /** The same password under today's algorithm. Where this cannot be done now, the next login does it. */
      const rehash = (req: IncomingMessage, { user, password: was }: UserRow, password: string) =>
        Effect.tryPromise(() => hashPassword(password, "first")).pipe(
          Effect.flatMap((secret) => {
            const ref = passwordRef(user)
            return commands.handle({ _tag: "RehashPassword", user, password: ref, was }, askerFor(req, user), [{ ref, secret }])
          }),
          Effect.ignore,
        )

      const begin = (req: IncomingMessage, user: string, method: "password" | "totp" | "recovery_code" | "passkey", remembered: boolean) =>
        Effect.clockWith((clock) => {
          const now = clock.unsafeCurrentTimeMillis()
          const before = sessions.find(req, now)
          const start = sessions.start(req, { user, method, remembered, now }, askerFor(req, user))
          if (typeof before === "string") return start
          const end = { _tag: "EndSession", session: before.session.session, reason: "replaced" } as const
          return Effect.zipLeft(start, commands.handle(end, askerFor(req, before.user.user)))
        })

      return {
        passkeys: keys,
        party,

        withPassword: (req, { username, password, code, remembered }) =>
          Effect.gen(function* () {
            const user = read.userByName(username)
            const verdict = yield* throttled(throttle, req, username, user, ({ succeed, undo, line }) =>
              Effect.gen(function* () {
                const found = yield* verify(user, password, line).pipe(Effect.tapError(() => Effect.sync(undo)))
                if (found.ok && user !== undefined) succeed()
                return found
              }),
            )
            if (user === undefined) return yield* Effect.fail(invalid)
            if (!verdict.ok) return yield* Effect.zipRight(recordFailure(req, user.user, "password"), Effect.fail(invalid))
            const method = yield* secondFactor(req, user, code)
            if (verdict.outdated) yield* rehash(req, user, password)
            const session = yield* begin(req, user.user, method, remembered)
            // Meanwhile the password may have been changed by somebody who wanted to keep this one out, or a second factor been set up.
            const present = read.user(user.user)
            if (
              present === undefined ||
              present.removed_at !== null ||
              present.password_at !== user.password_at ||
              present.totp !== user.totp
            ) {
              yield* commands.handle({ _tag: "EndSession", session: session.session, reason: "replaced" }, askerFor(req, user.user))
              return yield* Effect.fail(invalid)
            }
            return { user: present, session }
          }),

        withPasskey: (req, { response, remembered }) =>
          Effect.gen(function* () {
            const id = (response as { readonly id?: unknown } | null)?.id
            const passkey = typeof id === "string" ? read.passkey(id) : undefined
            const user = passkey === undefined ? undefined : read.user(passkey.user)
            if (passkey === undefined || user === undefined || user.removed_at !== null) return yield* Effect.fail(unknownPasskey)
            const kept = { id: passkey.passkey, publicKey: passkey.publicKey, counter: passkey.counter }
            const asked = yield* party(req)
            const verified = yield* Effect.promise(() =>
              keys.verifyAuthentication({ party: asked, user: user.user, passkey: kept, response }),
            )
            if (!verified.ok) return yield* Effect.zipRight(recordFailure(req, user.user, "passkey"), Effect.fail(unknownPasskey))
            const { counter } = verified
            yield* commands.handle({ _tag: "UsePasskey", user: user.user, passkey: passkey.passkey, counter }, askerFor(req, user.user))
            return { user, session: yield* begin(req, user.user, "passkey", remembered) }
          }),

        confirm: (req, user, password) =>
          throttled(throttle, req, user.username, user, ({ succeed, undo, line }) =>
            Effect.gen(function* () {
              const { ok } = yield* verify(user, password, line).pipe(Effect.tapError(() => Effect.sync(undo)))
              if (!ok) return yield* Effect.zipRight(recordFailure(req, user.user, "password"), Effect.fail(wrongPassword))
              succeed()
            }),
          ),
      }
    }),
  )
}

/** The vault entry of a new password. */
export const passwordRef = (user: string): string => `user/${user}/password/${randomUUIDv7()}`

const usualPorts = { http: 80, https: 443 } as const

/**
 * Passkeys are bound to the admin's host by which it was reached; the dispatcher lets through no other. Browsers bind them to the name alone:
 * what serves another port of this name may have a browser sign for itself and pass that on. So only this server's port is a good origin,
 * or the one that a trusted proxy says it was asked by.
 */
export const relyingParty = (
  host: string,
  { scheme, proxied }: Pick<Client, "scheme" | "proxied">,
  ownPort: number | undefined,
): RelyingParty | undefined => {
  const [, id = "", port] = /^(.*?)(?::(\d*))?$/.exec(host.toLowerCase()) ?? []
  const isOwn = proxied || (port ? Number(port) : usualPorts[scheme]) === ownPort
  return isOwn ? { id, name: "Fazt", origins: [`${scheme}://${host.toLowerCase()}`] } : undefined
}

const invalid = refusal("INVALID_CREDENTIALS", "The username or the password is wrong, or the code is.")
const wrongPassword = refusal("INVALID_CREDENTIALS", "The password is wrong.")
const unknownPasskey = refusal("INVALID_CREDENTIALS", "This passkey opens no account here, or its answer came too late. Try again.")
const strangeAddress = refusal(
  "BAD_REQUEST",
  "Passkeys need the address of the server itself, and this port is not its own. Where a proxy stands before it, name that in server.trusted_proxies.",
)
const codeMissing = refusal(
  "SECOND_FACTOR_REQUIRED",
  "Send the `code` of your authenticator app, or a recovery code, with name and password.",
  {
    methods: ["totp", "recovery_code"],
  },
)
const tooMany = (seconds: number): Failure =>
  refusal("RATE_LIMIT_EXCEEDED", `Too many attempts have failed. Try again in ${Math.ceil(seconds / 60)} min.`, { retry_after: seconds })
