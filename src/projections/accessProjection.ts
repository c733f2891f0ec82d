import { accountEvents, ownerUser } from "../events/accounts.ts"
import type { Sqlite } from "../events/cartridge.ts"
import type { Recorded } from "../events/event.ts"
import { keyEvents } from "../events/keys.ts"
import { integerParameter } from "../events/parameters.ts"
import { sessionEvents } from "../events/sessions.ts"
import type { Applier, Projection, TableName } from "./projection.ts"

/** Who may use this server, and with what: users, invitations, passkeys, API keys and sessions. `access.ts` asks it. */
export const accessProjection: Projection = {
  name: "access",
  version: 2,
  tables: ["users", "invitations", "passkeys", "keys", "sessions"],
  createTables: (table) => `
    -- Everybody who ever was, since the history names them. folded: the name as it is compared; password, totp and recovery: refs of the vault.
    CREATE TABLE ${table("users")} (
      user          TEXT PRIMARY KEY,
      username      TEXT NOT NULL,
      folded        TEXT NOT NULL,
      role          TEXT NOT NULL,
      sites         TEXT NOT NULL,
      password      TEXT NOT NULL,
      totp          TEXT,
      recovery      TEXT,
      used_codes    TEXT NOT NULL DEFAULT '[]',
      totp_step     INTEGER,
      joined_at     INTEGER NOT NULL,
      invited_by    TEXT,
      password_at   INTEGER NOT NULL,
      last_login_at INTEGER,
      failed_at     INTEGER,
      failed_logins INTEGER NOT NULL DEFAULT 0,
      removed_at    INTEGER
    ) STRICT;
    CREATE TABLE ${table("invitations")} (
      invitation  TEXT PRIMARY KEY,
      role        TEXT NOT NULL,
      sites       TEXT NOT NULL,
      secret_hash TEXT NOT NULL,
      expires_at  INTEGER NOT NULL,
      note        TEXT,
      by          TEXT NOT NULL,
      invited_at  INTEGER NOT NULL,
      used_at     INTEGER,
      user        TEXT,
      revoked_at  INTEGER
    ) STRICT;
    CREATE TABLE ${table("passkeys")} (
      passkey    TEXT PRIMARY KEY,
      user       TEXT NOT NULL,
      name       TEXT NOT NULL,
      public_key TEXT NOT NULL,
      counter    INTEGER NOT NULL,
      transports TEXT NOT NULL,
      added_at   INTEGER NOT NULL,
      used_at    INTEGER
    ) STRICT;
    CREATE TABLE ${table("keys")} (
      key          TEXT PRIMARY KEY,
      name         TEXT NOT NULL,
      scopes       TEXT NOT NULL,
      secret_hash  TEXT NOT NULL,
      user         TEXT NOT NULL,
      sites        TEXT,
      expires_at   INTEGER,
      created_at   INTEGER NOT NULL,
      last_used_at INTEGER,
      maker        TEXT,
      revoked_at   INTEGER
    ) STRICT;
    -- failed_logins: attempts that failed between the user's login before this one and this one.
    CREATE TABLE ${table("sessions")} (
      session       TEXT PRIMARY KEY,
      user          TEXT NOT NULL,
      secret_hash   TEXT NOT NULL,
      method        TEXT NOT NULL,
      started_at    INTEGER NOT NULL,
      last_seen_at  INTEGER NOT NULL,
      expires_at    INTEGER NOT NULL,
      idle          INTEGER NOT NULL,
      address       TEXT,
      agent         TEXT,
      failed_logins INTEGER NOT NULL,
      ended_at      INTEGER
    ) STRICT`,
  createIndexes: `
    CREATE INDEX users_by_name ON users (folded) WHERE removed_at IS NULL;
    CREATE INDEX users_by_role ON users (role, joined_at, user) WHERE removed_at IS NULL;
    CREATE INDEX users_by_age ON users (joined_at, user) WHERE removed_at IS NULL;
    CREATE INDEX invitations_open ON invitations (expires_at) WHERE used_at IS NULL AND revoked_at IS NULL;
    CREATE INDEX keys_of_maker ON keys (maker) WHERE maker IS NOT NULL;
    CREATE INDEX passkeys_of_user ON passkeys (user, added_at);
    CREATE INDEX keys_by_age ON keys (created_at, key);
    CREATE INDEX keys_of_user ON keys (user, created_at, key);
    CREATE INDEX sessions_by_secret ON sessions (secret_hash);
    CREATE INDEX sessions_live ON sessions (user, expires_at) WHERE ended_at IS NULL;
    CREATE INDEX sessions_by_address ON sessions (user, address)`,
  prepare: (db, table) => {
    const parts = [applyUsers, applyInvitations, applyPasskeys, applyKeys, applySessions].map((prepare) => prepare(db, table))
    return {
      apply: (event) => {
        if (types.has(event.type)) for (const apply of parts) apply(event)
      },
    }
  },
}

/** Most events are none of these, and are passed over at once. */
const types: ReadonlySet<string> = new Set([...accountEvents, ...keyEvents, ...sessionEvents].map(({ type }) => type))

type Prepare = (db: Sqlite, table: TableName) => Applier["apply"]

/** How a username is compared, so that two users' names never differ in capitals alone. */
export const foldedName = (username: string): string => username.toLowerCase()

const applyUsers: Prepare = (db, table) => {
  const users = table("users")
  const add = db.prepare(
    `INSERT INTO ${users} (user, username, folded, role, sites, password, joined_at, password_at, invited_by)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT by FROM ${table("invitations")} WHERE invitation = ?))`,
  )
  const setRole = db.prepare(`UPDATE ${users} SET role = ?, sites = ? WHERE user = ?`)
  const setPassword = db.prepare(`UPDATE ${users} SET password = ?, password_at = coalesce(?, password_at) WHERE user = ?`)
  const setTotp = db.prepare(`UPDATE ${users} SET totp = ?, recovery = ?, used_codes = '[]' WHERE user = ?`)
  const setRecovery = db.prepare(`UPDATE ${users} SET recovery = ?, used_codes = '[]' WHERE user = ?`)
  const useStep = db.prepare(`UPDATE ${users} SET totp_step = ? WHERE user = ?`)
  const useCode = db.prepare(`UPDATE ${users} SET used_codes = json_insert(used_codes, '$[#]', ${integerParameter}) WHERE user = ?`)
  const failLogin = db.prepare(`UPDATE ${users} SET failed_at = ?, failed_logins = failed_logins + 1 WHERE user = ?`)
  const remove = db.prepare(`UPDATE ${users} SET removed_at = ? WHERE user = ?`)
  return (event: Recorded): void => {
    const { at } = event
    switch (event.type) {
      case "v1.OwnerEnrolled": {
        const { username, password } = event.data
        add.run(ownerUser, username, foldedName(username), "owner", "[]", password, at, at, null)
        break
      }
      case "v1.UserJoined": {
        const { user, username, role, sites, password, invitation } = event.data
        add.run(user, username, foldedName(username), role, JSON.stringify(sites), password, at, at, invitation)
        break
      }
      case "v1.UserRoleChanged":
        setRole.run(event.data.role, JSON.stringify(event.data.sites), event.data.user)
        break
      case "v1.PasswordChanged":
        setPassword.run(event.data.password, at, event.data.user)
        break
      case "v1.PasswordRehashed":
        setPassword.run(event.data.password, null, event.data.user)
        break
      case "v1.TotpEnabled":
        setTotp.run(event.data.secret, event.data.recovery, event.data.user)
        break
      case "v1.TotpDisabled":
        setTotp.run(null, null, event.data.user)
        break
      case "v1.RecoveryCodesRenewed":
        setRecovery.run(event.data.recovery, event.data.user)
        break
      case "v1.TotpUsed":
        useStep.run(event.data.step, event.data.user)
        break
      case "v1.RecoveryCodeUsed":
        useCode.run(event.data.code, event.data.user)
        break
      case "v1.LoginFailed":
        failLogin.run(at, event.data.user)
        break
      case "v1.UserRemoved":
        remove.run(at, event.data.user)
        break
    }
  }
}

const applyInvitations: Prepare = (db, table) => {
  const invitations = table("invitations")
  const invite = db.prepare(`INSERT INTO ${invitations} VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)`)
  const use = db.prepare(`UPDATE ${invitations} SET used_at = ?, user = ? WHERE invitation = ?`)
  const revoke = db.prepare(`UPDATE ${invitations} SET revoked_at = ? WHERE invitation = ?`)
  return (event: Recorded): void => {
    const { at } = event
    switch (event.type) {
      case "v1.UserInvited": {
        const { invitation, role, sites, secretHash, expires, note, by } = event.data
        invite.run(invitation, role, JSON.stringify(sites), secretHash, expires, note ?? null, by, at)
        break
      }
      case "v1.UserJoined":
        use.run(at, event.data.user, event.data.invitation)
        break
      case "v1.InvitationRevoked":
        revoke.run(at, event.data.invitation)
        break
    }
  }
}

const applyPasskeys: Prepare = (db, table) => {
  const passkeys = table("passkeys")
  const add = db.prepare(`INSERT INTO ${passkeys} VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`)
  const use = db.prepare(`UPDATE ${passkeys} SET counter = ?, used_at = ? WHERE passkey = ?`)
  const remove = db.prepare(`DELETE FROM ${passkeys} WHERE passkey = ?`)
  const removeAll = db.prepare(`DELETE FROM ${passkeys} WHERE user = ?`)
  return (event: Recorded): void => {
    switch (event.type) {
      case "v1.PasskeyAdded": {
        const { passkey, user, name, publicKey, counter, transports } = event.data
        add.run(passkey, user, name, publicKey, counter, JSON.stringify(transports), event.at)
        break
      }
      case "v1.PasskeyUsed":
        use.run(event.data.counter, event.at, event.data.passkey)
        break
      case "v1.PasskeyRemoved":
        remove.run(event.data.passkey)
        break
      case "v1.UserRemoved":
        removeAll.run(event.data.user)
        break
    }
  }
}

/** When a key or session of a user stops working that comes after the user is gone: a request may overtake the removal. */
const atIfRemoved = (table: TableName): string =>
  `(SELECT ${integerParameter} FROM ${table("users")} WHERE user = ? AND removed_at IS NOT NULL)`

const applyKeys: Prepare = (db, table) => {
  const keys = table("keys")
  // A key that is made while its user is removed, or the key that makes it is revoked, is good for nothing.
  const create = db.prepare(
    `INSERT INTO ${keys} VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, coalesce(${atIfRemoved(table)},
     (SELECT ${integerParameter} FROM ${keys} WHERE key = ? AND revoked_at IS NOT NULL)))`,
  )
  const use = db.prepare(`UPDATE ${keys} SET last_used_at = ? WHERE key = ?`)
  const revoke = db.prepare(
    `UPDATE ${keys} SET revoked_at = ? WHERE revoked_at IS NULL AND key IN (
       WITH RECURSIVE made (key) AS (VALUES (?) UNION SELECT ${keys}.key FROM ${keys} JOIN made ON ${keys}.maker = made.key)
       SELECT key FROM made)`,
  )
  const revokeAll = db.prepare(`UPDATE ${keys} SET revoked_at = ? WHERE user = ? AND revoked_at IS NULL`)
  return (event: Recorded): void => {
    const { at } = event
    switch (event.type) {
      case "v1.KeyCreated": {
        // Before there were users, all keys were the owner's.
        const { key, name, scopes, secretHash, user = ownerUser, sites, expires, maker = null } = event.data
        const limits = [sites === undefined ? null : JSON.stringify(sites), expires ?? null]
        create.run(key, name, JSON.stringify(scopes), secretHash, user, ...limits, at, maker, at, user, at, maker)
        break
      }
      case "v1.KeyUsed":
        use.run(at, event.data.key)
        break
      case "v1.KeyRevoked":
        revoke.run(at, event.data.key)
        break
      case "v1.UserRemoved":
        revokeAll.run(at, event.data.user)
        break
    }
  }
}

const applySessions: Prepare = (db, table) => {
  const [users, sessions] = [table("users"), table("sessions")]
  const start = db.prepare(
    `INSERT INTO ${sessions} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce((SELECT failed_logins FROM ${users} WHERE user = ?), 0), ${atIfRemoved(table)})`,
  )
  const logIn = db.prepare(`UPDATE ${users} SET last_login_at = ?, failed_logins = 0 WHERE user = ?`)
  const see = db.prepare(`UPDATE ${sessions} SET last_seen_at = ? WHERE session = ? AND ended_at IS NULL`)
  const end = db.prepare(`UPDATE ${sessions} SET ended_at = ? WHERE session = ? AND ended_at IS NULL`)
  const endAll = db.prepare(`UPDATE ${sessions} SET ended_at = ? WHERE user = ? AND ended_at IS NULL`)
  return (event: Recorded): void => {
    const { at } = event
    switch (event.type) {
      case "v1.SessionStarted": {
        const { session, user, secretHash, method, expires, idle, address, agent } = event.data
        start.run(session, user, secretHash, method, at, at, expires, idle, address ?? null, agent ?? null, user, at, user)
        logIn.run(at, user)
        break
      }
      case "v1.SessionSeen":
        see.run(at, event.data.session)
        break
      case "v1.SessionEnded":
        end.run(at, event.data.session)
        break
      case "v1.UserRoleChanged":
      case "v1.PasswordChanged":
      case "v1.UserRemoved":
        endAll.run(at, event.data.user)
        break
    }
  }
}
