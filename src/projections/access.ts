import type { Role } from "../events/accounts.ts"
import type { Sqlite } from "../events/cartridge.ts"
import type { Scope } from "../events/keys.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"
import type { LoginMethod } from "../events/sessions.ts"
import { foldedName } from "./accessProjection.ts"

/** A user, there or gone. All times, here and below, are epoch milliseconds. */
export interface UserRow {
  readonly user: string
  readonly username: string
  readonly role: Role
  /** Those that a deployer has; none for other roles. */
  readonly sites: ReadonlyArray<string>
  /** The vault entry of the password's hash. */
  readonly password: string
  /** The vault entries of the second factor's secret and of its recovery codes' hashes; null where there is no second factor. */
  readonly totp: string | null
  readonly recovery: string | null
  /** The places of the recovery codes that are used up, from 0. */
  readonly used_codes: ReadonlyArray<number>
  /** The last time step (RFC 6238) that a code was used for. */
  readonly totp_step: number | null
  readonly joined_at: number
  /** Who invited them: a user's id or `local`; null for whoever enrolled with the cartridge. */
  readonly invited_by: string | null
  /** When the password was set. */
  readonly password_at: number
  readonly last_login_at: number | null
  /** The last login that failed. */
  readonly failed_at: number | null
  /** How many have failed since the last one that did not. */
  readonly failed_logins: number
  /** When they went, if they are gone: then nothing of theirs may be good for anything. */
  readonly removed_at: number | null
}

export interface InvitationRow {
  readonly invitation: string
  readonly role: Role
  readonly sites: ReadonlyArray<string>
  readonly secretHash: string
  readonly expires_at: number
  readonly note: string | null
  /** The user who invites, or `local`. */
  readonly by: string
  readonly invited_at: number
  readonly used_at: number | null
  /** Who joined by it. */
  readonly user: string | null
  readonly revoked_at: number | null
}

export interface PasskeyRow {
  /** The credential id, base64url. */
  readonly passkey: string
  readonly user: string
  readonly name: string
  /** The COSE key, base64url. */
  readonly publicKey: string
  readonly counter: number
  readonly transports: ReadonlyArray<string>
  readonly added_at: number
  readonly used_at: number | null
}

export interface KeyRow {
  readonly key: string
  readonly name: string
  readonly scopes: ReadonlyArray<Scope>
  readonly secretHash: string
  /** Who made it. */
  readonly user: string
  /** The only sites that it is good for, if it is limited. */
  readonly sites: ReadonlyArray<string> | null
  readonly expires_at: number | null
  readonly created_at: number
  readonly last_used_at: number | null
  /** The key that made it, if one did. */
  readonly maker: string | null
  readonly revoked_at: number | null
}

export interface SessionRow {
  readonly session: string
  readonly user: string
  readonly secretHash: string
  readonly method: LoginMethod
  readonly started_at: number
  readonly last_seen_at: number
  /** It ends then, and sooner if it is not used for `idle` milliseconds. */
  readonly expires_at: number
  readonly idle: number
  readonly address: string | null
  readonly agent: string | null
  /** Logins that failed between the user's last one and this. */
  readonly failed_logins: number
  readonly ended_at: number | null
}

interface Slice {
  readonly limit: number
  readonly offset: number
}

const slice = `LIMIT ${integerParameter} OFFSET ${integerParameter}`

/** Looks up who may use this server, always by an index. */
export const accessQueries = (db: Sqlite) => ({
  ...userQueries(db),
  ...invitationQueries(db),
  ...passkeyQueries(db),
  ...keyQueries(db),
  ...sessionQueries(db),
})

type StoredUser = Omit<UserRow, "sites" | "used_codes"> & { readonly sites: string; readonly used_codes: string }

const toUser = ({ sites, used_codes, ...row }: StoredUser): UserRow => ({
  ...row,
  sites: JSON.parse(sites),
  used_codes: JSON.parse(used_codes),
})

const userQueries = (db: Sqlite) => {
  const select = `SELECT user, username, role, sites, password, totp, recovery, used_codes, totp_step, joined_at, invited_by,
    password_at, last_login_at, failed_at, failed_logins, removed_at FROM users`
  const one = db.prepare<[string], StoredUser>(`${select} WHERE user = ?`)
  const named = db.prepare<[string], StoredUser>(`${select} WHERE folded = ? AND removed_at IS NULL`)
  const some = db.prepare<[number, number], StoredUser>(`${select} WHERE removed_at IS NULL ORDER BY joined_at, user ${slice}`)
  const owners = db.prepare<[], StoredUser>(`${select} WHERE role = 'owner' AND removed_at IS NULL ORDER BY joined_at, user`)
  const count = db.prepare<[], number>("SELECT count(*) FROM users WHERE removed_at IS NULL").pluck()
  return {
    /** There or gone: the history names both. */
    user: (user: string): UserRow | undefined => optionally(toUser, one.get(user)),
    /** The user who is there by that name, in capitals or not. */
    userByName: (username: string): UserRow | undefined => optionally(toUser, named.get(foldedName(username))),
    /** Those who are there, in the order in which they came. */
    users: ({ limit, offset }: Slice): ReadonlyArray<UserRow> => some.all(limit, offset).map(toUser),
    userCount: (): number => count.get()!,
    owners: (): ReadonlyArray<UserRow> => owners.all().map(toUser),
    hasOwner: (): boolean => owners.get() !== undefined,
  }
}

type StoredInvitation = Omit<InvitationRow, "sites"> & { readonly sites: string }

const toInvitation = ({ sites, ...row }: StoredInvitation): InvitationRow => ({ ...row, sites: JSON.parse(sites) })

const invitationQueries = (db: Sqlite) => {
  const select =
    "SELECT invitation, role, sites, secret_hash AS secretHash, expires_at, note, by, invited_at, used_at, user, revoked_at FROM invitations"
  const isOpen = `used_at IS NULL AND revoked_at IS NULL AND expires_at > ${integerParameter}`
  const one = db.prepare<[string], StoredInvitation>(`${select} WHERE invitation = ?`)
  const open = db.prepare<[number, number, number], StoredInvitation>(
    `${select} WHERE ${isOpen} ORDER BY invited_at DESC, invitation ${slice}`,
  )
  const count = db.prepare<[number], number>(`SELECT count(*) FROM invitations WHERE ${isOpen}`).pluck()
  return {
    /** Open or not. */
    invitation: (invitation: string): InvitationRow | undefined => optionally(toInvitation, one.get(invitation)),
    /** Those that can still be taken up, newest first. */
    invitations: ({ limit, offset, now }: Slice & { readonly now: number }): ReadonlyArray<InvitationRow> =>
      open.all(now, limit, offset).map(toInvitation),
    invitationCount: (now: number): number => count.get(now)!,
  }
}

type StoredPasskey = Omit<PasskeyRow, "transports"> & { readonly transports: string }

const toPasskey = ({ transports, ...row }: StoredPasskey): PasskeyRow => ({ ...row, transports: JSON.parse(transports) })

const passkeyQueries = (db: Sqlite) => {
  const select = "SELECT passkey, user, name, public_key AS publicKey, counter, transports, added_at, used_at FROM passkeys"
  const one = db.prepare<[string], StoredPasskey>(`${select} WHERE passkey = ?`)
  const all = db.prepare<[string], StoredPasskey>(`${select} WHERE user = ${textParameter} ORDER BY added_at, passkey`)
  return {
    passkey: (passkey: string): PasskeyRow | undefined => optionally(toPasskey, one.get(passkey)),
    /** Oldest first. */
    passkeysOf: (user: string): ReadonlyArray<PasskeyRow> => all.all(user).map(toPasskey),
  }
}

type StoredKey = Omit<KeyRow, "scopes" | "sites"> & { readonly scopes: string; readonly sites: string | null }

const toKey = ({ scopes, sites, ...row }: StoredKey): KeyRow => ({
  ...row,
  scopes: JSON.parse(scopes),
  sites: sites === null ? null : JSON.parse(sites),
})

const keyQueries = (db: Sqlite) => {
  const select =
    "SELECT key, name, scopes, secret_hash AS secretHash, user, sites, expires_at, created_at, last_used_at, maker, revoked_at FROM keys"
  const one = db.prepare<[string], StoredKey>(`${select} WHERE key = ?`)
  const some = db.prepare<[number, number], StoredKey>(`${select} ORDER BY created_at, key ${slice}`)
  const someOf = db.prepare<[string, number, number], StoredKey>(
    `${select} WHERE user = ${textParameter} ORDER BY created_at, key ${slice}`,
  )
  const count = db.prepare<[], number>("SELECT count(*) FROM keys").pluck()
  const countOf = db.prepare<[string], number>("SELECT count(*) FROM keys WHERE user = ?").pluck()
  return {
    /** Revoked or not, as all keys here. */
    key: (key: string): KeyRow | undefined => optionally(toKey, one.get(key)),
    /** Everybody's or one user's, oldest first. */
    keys: ({ user, limit, offset }: Slice & { readonly user?: string | undefined }): ReadonlyArray<KeyRow> =>
      (user === undefined ? some.all(limit, offset) : someOf.all(user, limit, offset)).map(toKey),
    keyCount: (user?: string): number => (user === undefined ? count.get() : countOf.get(user))!,
  }
}

const sessionQueries = (db: Sqlite) => {
  const select = `SELECT session, user, secret_hash AS secretHash, method, started_at, last_seen_at, expires_at, idle, address, agent,
    failed_logins, ended_at FROM sessions`
  const one = db.prepare<[string], SessionRow>(`${select} WHERE session = ?`)
  const bySecret = db.prepare<[string], SessionRow>(`${select} WHERE secret_hash = ?`)
  const live = db.prepare<[string, number, number], SessionRow>(
    `${select} WHERE user = ${textParameter} AND ended_at IS NULL AND expires_at > ${integerParameter} AND last_seen_at + idle > ${integerParameter}
     ORDER BY started_at DESC, session`,
  )
  const from = db.prepare<[string, string], number>("SELECT 1 FROM sessions WHERE user = ? AND address = ? LIMIT 1").pluck()
  return {
    /** Live or not, as the next too. */
    session: (session: string): SessionRow | undefined => one.get(session),
    sessionBySecret: (secretHash: string): SessionRow | undefined => bySecret.get(secretHash),
    /** Those that are live, newest first. */
    sessionsOf: (user: string, now: number): ReadonlyArray<SessionRow> => live.all(user, now, now),
    /** Whether a user has ever logged in from that address. */
    hasLoggedInFrom: (user: string, address: string): boolean => from.get(user, address) !== undefined,
  }
}

const optionally = <A, B>(to: (row: A) => B, row: A | undefined): B | undefined => (row === undefined ? undefined : to(row))
