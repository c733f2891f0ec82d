import Database from "better-sqlite3"
import * as Either from "effect/Either"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { accountsDecider } from "../../src/commands/accounts.ts"
import type { Command } from "../../src/commands/command.ts"
import { deciderFor } from "../../src/commands/command.ts"
import type { Writer } from "../../src/commands/writer.ts"
import type { Role } from "../../src/events/accounts.ts"
import type { Event } from "../../src/events/event.ts"
import { accessQueries } from "../../src/projections/access.ts"
import { accessCommand, firstUsers, withOwnRefs } from "../support/accounts.ts"
import { ask, tell, withWriter } from "../support/cartridge.ts"

type Read = ReturnType<typeof accessQueries>

/** Does commands at times, and hands over what can be asked then. */
const having = (
  commands: ReadonlyArray<readonly [at: number, command: Command]>,
  use: (read: Read, writer: Writer, db: Database.Database) => void | Promise<void>,
): Promise<void> => {
  let now = 0
  return withWriter(
    async (writer, path) => {
      for (const [n, [at, command]] of commands.entries()) {
        now = at
        await tell(writer, { kind: "command", command, id: `c${n}`, actor: "owner", cause: "test" })
      }
      const db = new Database(path, { readonly: true })
      try {
        await use(accessQueries(db), writer, db)
      } finally {
        db.close()
      }
    },
    { now: () => now },
  )
}

const enroll: Command = { _tag: "EnrollOwner", username: "admin", password: "p of owner" }
const invite = (invitation: string, role: Role = "viewer", over: object = {}): Command => ({
  _tag: "InviteUser",
  invitation,
  role,
  sites: role === "deployer" ? ["a", "b"] : [],
  secretHash: `hash of ${invitation}`,
  expires: 1000,
  by: "owner",
  now: 0,
  ...over,
})
const accept = (invitation: string, user: string, username = user): Command => ({
  _tag: "AcceptInvitation",
  invitation,
  secretHash: `hash of ${invitation}`,
  user,
  username,
  password: `p of ${user}`,
  now: 0,
})
const join = (user: string, role: Role = "viewer", at = 2): ReadonlyArray<readonly [number, Command]> => [
  [at - 1, invite(`for ${user}`, role)],
  [at, accept(`for ${user}`, user)],
]
const start = (session: string, user: string, over: object = {}): Command => ({
  _tag: "StartSession",
  session,
  user,
  secretHash: `hash of ${session}`,
  method: "password",
  expires: 1000,
  idle: 100,
  ...over,
})
const see = (session: string): Command => ({ _tag: "SeeSession", session })
const end = (session: string): Command => ({ _tag: "EndSession", session, reason: "logout" })
const fail = (user: string): Command => ({ _tag: "RecordFailedLogin", user, reason: "password" })
const createKey = (key: string, user?: string, over: object = {}): Command => ({
  _tag: "CreateKey",
  key,
  name: `key ${key}`,
  scopes: ["deploy", "logs"],
  secretHash: `hash of ${key}`,
  user,
  ...over,
})
const remove = (user: string): Command => ({ _tag: "RemoveUser", user, by: "owner" })
const addPasskey = (passkey: string, user: string): Command => ({
  _tag: "AddPasskey",
  user,
  passkey,
  name: "phone",
  publicKey: "cose",
  counter: 0,
  transports: ["internal", "hybrid"],
})

const admin = {
  user: "owner",
  username: "admin",
  role: "owner",
  sites: [],
  password: "p of owner",
  totp: null,
  recovery: null,
  used_codes: [],
  totp_step: null,
  joined_at: 1,
  invited_by: null,
  password_at: 1,
  last_login_at: null,
  failed_at: null,
  failed_logins: 0,
  removed_at: null,
}

describe("users", () => {
  it("are nobody in a cartridge without an owner", () =>
    having([], (read) => {
      expect([read.hasOwner(), read.userCount(), read.owners(), read.users({ limit: 9, offset: 0 })]).toEqual([false, 0, [], []])
      expect([read.user("owner"), read.userByName("admin")]).toEqual([undefined, undefined])
    }))

  it("begin with the owner", () =>
    having([[1, enroll]], (read) => {
      expect(read.user("owner")).toEqual(admin)
      expect([read.hasOwner(), read.userCount(), read.owners()]).toEqual([true, 1, [admin]])
    }))

  it("are found by name, in capitals or not", () =>
    having(
      [
        [1, enroll],
        [1, invite("i", "deployer")],
        [2, accept("i", "u", "Ann@Example.com")],
      ],
      (read) => {
        const ann = { ...admin, user: "u", username: "Ann@Example.com", role: "deployer", sites: ["a", "b"], password: "p of u" }
        expect(read.user("u")).toEqual({ ...ann, joined_at: 2, password_at: 2, invited_by: "owner" })
        for (const name of ["Ann@Example.com", "ann@example.com", "ANN@EXAMPLE.COM"]) expect(read.userByName(name)?.user).toBe("u")
        for (const name of ["ann", "", "ann@example.com ", "%"]) expect(read.userByName(name)).toBeUndefined()
      },
    ))

  it("are listed in the order in which they came, by pages", () =>
    having([[1, enroll], ...join("c", "owner", 3), ...join("a", "viewer", 5), ...join("b", "admin", 7), [9, remove("a")]], (read) => {
      const page = (limit: number, offset: number) => read.users({ limit, offset }).map(({ user }) => user)
      expect([page(9, 0), page(2, 0), page(2, 2), page(2, 4)]).toEqual([["owner", "c", "b"], ["owner", "c"], ["b"], []])
      expect(read.userCount()).toBe(3)
      expect(read.owners().map(({ user }) => user)).toEqual(["owner", "c"])
    }))

  it("who are gone are known by their id only, and leave their name to others", () =>
    having([[1, enroll], ...join("u"), [3, remove("u")], [4, invite("again")], [5, accept("again", "u2", "U")]], (read) => {
      expect(read.user("u")).toMatchObject({ username: "u", removed_at: 3 })
      expect(read.userByName("u")).toMatchObject({ user: "u2", username: "U", removed_at: null })
    }))

  it("show their second factor, and what was used of it", () =>
    having(
      [
        [1, enroll],
        [2, { _tag: "EnableTotp", user: "owner", secret: "s", recovery: "r", step: 5 }],
        [3, { _tag: "UseTotp", user: "owner", step: 7 }],
        [4, { _tag: "UseRecoveryCode", user: "owner", code: 3 }],
        [5, { _tag: "UseRecoveryCode", user: "owner", code: 0 }],
      ],
      async (read, writer) => {
        expect(read.user("owner")).toEqual({ ...admin, totp: "s", recovery: "r", totp_step: 7, used_codes: [3, 0] })
        const then = async (id: string, command: Command) => {
          await tell(writer, { kind: "command", command, id, actor: "owner", cause: "test" })
          return read.user("owner")
        }
        expect(await then("renew", { _tag: "RenewRecoveryCodes", user: "owner", recovery: "r2" })).toMatchObject({
          recovery: "r2",
          used_codes: [],
        })
        const off = { totp: null, recovery: null, used_codes: [], totp_step: 7 }
        expect(await then("off", { _tag: "DisableTotp", user: "owner", by: "owner" })).toMatchObject(off)
      },
    ))

  it("show when their password was set, which hashing it anew does not change", () =>
    having(
      [
        [1, enroll],
        [2, { _tag: "ChangePassword", user: "owner", password: "2", by: "owner" }],
        [3, { _tag: "RehashPassword", user: "owner", password: "3", was: "2" }],
      ],
      (read) => expect(read.user("owner")).toMatchObject({ password: "3", password_at: 2 }),
    ))

  it("show how many logins have failed since the last one, and each session how many did before it", () =>
    having(
      [
        [1, enroll],
        [2, fail("owner")],
        [3, fail("owner")],
        [4, start("s1", "owner")],
        [5, fail("owner")],
        [6, fail("nobody")],
      ],
      (read) => {
        expect(read.user("owner")).toMatchObject({ failed_logins: 1, failed_at: 5, last_login_at: 4 })
        expect(read.session("s1")).toMatchObject({ failed_logins: 2 })
      },
    ))
})

describe("invitations", () => {
  it("that are open are listed, newest first", () =>
    having(
      [
        [1, enroll],
        [2, invite("used")],
        [3, accept("used", "u")],
        [4, invite("revoked")],
        [5, { _tag: "RevokeInvitation", invitation: "revoked", by: "owner" }],
        [6, invite("short", "admin", { expires: 50 })],
        [7, invite("long", "deployer", { expires: 100, note: "for Ann" })],
      ],
      (read) => {
        const open = (now: number, limit = 9, offset = 0) => read.invitations({ limit, offset, now }).map(({ invitation }) => invitation)
        expect([open(10), open(49), open(50), open(99), open(100)]).toEqual([["long", "short"], ["long", "short"], ["long"], ["long"], []])
        expect([open(10, 1), open(10, 1, 1), open(10, 1, 2)]).toEqual([["long"], ["short"], []])
        expect([10, 50, 100].map(read.invitationCount)).toEqual([2, 1, 0])
      },
    ))

  it("are found by id, open or not", () =>
    having([[1, enroll], [2, invite("i", "deployer", { note: "for Ann" })], ...join("u")], (read) => {
      const invitation = {
        invitation: "i",
        role: "deployer",
        sites: ["a", "b"],
        secretHash: "hash of i",
        expires_at: 1000,
        note: "for Ann",
        by: "owner",
      }
      expect(read.invitation("i")).toEqual({ ...invitation, invited_at: 2, used_at: null, user: null, revoked_at: null })
      expect(read.invitation("for u")).toMatchObject({ note: null, used_at: 2, user: "u", revoked_at: null })
      expect(read.invitation("none")).toBeUndefined()
    }))

  it("of somebody who goes are revoked", () =>
    having([[1, enroll], ...join("u", "admin"), [3, invite("i", "viewer", { by: "u" })], [4, remove("u")]], (read) =>
      expect(read.invitation("i")).toMatchObject({ revoked_at: 4 }),
    ))
})

describe("passkeys", () => {
  it("are their user's, oldest first, until they are removed or the user is", () =>
    having(
      [
        [1, enroll],
        ...join("u"),
        [3, addPasskey("p2", "u")],
        [4, addPasskey("p1", "u")],
        [5, addPasskey("p3", "u")],
        [6, addPasskey("p4", "owner")],
        [7, { _tag: "UsePasskey", user: "u", passkey: "p2", counter: 4 }],
        [8, { _tag: "RemovePasskey", user: "u", passkey: "p3", by: "u" }],
      ],
      async (read, writer) => {
        const phone = { user: "u", name: "phone", publicKey: "cose", transports: ["internal", "hybrid"] }
        expect(read.passkeysOf("u")).toEqual([
          { passkey: "p2", ...phone, counter: 4, added_at: 3, used_at: 7 },
          { passkey: "p1", ...phone, counter: 0, added_at: 4, used_at: null },
        ])
        expect(read.passkey("p1")).toMatchObject({ user: "u", counter: 0 })
        expect(read.passkey("p3")).toBeUndefined()
        await tell(writer, { kind: "command", command: remove("u"), id: "remove", actor: "owner", cause: "test" })
        expect([read.passkeysOf("u"), read.passkey("p1"), read.passkeysOf("owner").length]).toEqual([[], undefined, 1])
      },
    ))
})

describe("keys", () => {
  const key = { name: "key k", scopes: ["deploy", "logs"], secretHash: "hash of k" }

  it("have a user, sites and an expiry, or are the owner's for all and ever", () =>
    having(
      [
        [1, createKey("k")],
        [2, createKey("l", "u", { sites: ["a"], expires: 99 })],
      ],
      (read) => {
        const unused = { last_used_at: null, maker: null, revoked_at: null }
        expect(read.key("k")).toEqual({ key: "k", ...key, user: "owner", sites: null, expires_at: null, created_at: 1, ...unused })
        expect(read.key("l")).toMatchObject({ user: "u", sites: ["a"], expires_at: 99, created_at: 2 })
        expect(read.key("none")).toBeUndefined()
      },
    ))

  it("are listed by pages, everybody's or a user's, with those that are revoked", () =>
    having(
      [
        [1, createKey("c")],
        [1, createKey("b", "u")],
        [2, createKey("a", "u")],
        [3, { _tag: "RevokeKey", key: "b" }],
      ],
      (read) => {
        const page = (limit: number, offset: number, user?: string) => read.keys({ limit, offset, user }).map(({ key }) => key)
        expect([page(9, 0), page(2, 0), page(2, 2)]).toEqual([["b", "c", "a"], ["b", "c"], ["a"]])
        expect([page(9, 0, "u"), page(1, 1, "u"), page(9, 0, "owner"), page(9, 0, "x")]).toEqual([["b", "a"], ["a"], ["c"], []])
        expect([read.keyCount(), read.keyCount("u"), read.keyCount("x")]).toEqual([3, 2, 0])
      },
    ))

  it("show when they were used last, and when they were revoked", () =>
    having(
      [
        [1, createKey("k")],
        [2, { _tag: "UseKey", key: "k" }],
        [3, { _tag: "UseKey", key: "k" }],
        [4, { _tag: "RevokeKey", key: "k" }],
        [5, { _tag: "UseKey", key: "k" }],
      ],
      (read) => expect(read.key("k")).toMatchObject({ last_used_at: 3, revoked_at: 4 }),
    ))

  it("end with their user, even one that comes after", () =>
    having(
      [
        [1, enroll],
        ...join("u"),
        [3, createKey("before", "u")],
        [4, createKey("revoked", "u")],
        [5, { _tag: "RevokeKey", key: "revoked" }],
        [6, remove("u")],
        [7, createKey("after", "u")],
        [8, { _tag: "RevokeKey", key: "before" }],
        [9, createKey("another's")],
      ],
      (read) => expect(["before", "revoked", "after", "another's"].map((id) => read.key(id)?.revoked_at)).toEqual([6, 5, 7, null]),
    ))

  it("stay when their user's role or password changes", () =>
    having(
      [
        [1, enroll],
        ...join("u"),
        [3, createKey("k", "u")],
        [4, { _tag: "ChangeRole", user: "u", role: "admin", sites: [], by: "owner" }],
        [5, { _tag: "ChangePassword", user: "u", password: "new", by: "u" }],
      ],
      (read) => expect(read.key("k")).toMatchObject({ revoked_at: null }),
    ))
})

describe("sessions", () => {
  it("are found by id and by secret, live or not", () =>
    having(
      [
        [1, enroll],
        [2, start("s", "owner", { address: "::1", agent: "curl", method: "totp" })],
        [3, start("t", "owner")],
        [4, end("t")],
      ],
      (read) => {
        const s = {
          session: "s",
          user: "owner",
          secretHash: "hash of s",
          method: "totp",
          started_at: 2,
          last_seen_at: 2,
          expires_at: 1000,
          idle: 100,
        }
        expect(read.session("s")).toEqual({ ...s, address: "::1", agent: "curl", failed_logins: 0, ended_at: null })
        expect(read.sessionBySecret("hash of s")?.session).toBe("s")
        expect(read.sessionBySecret("hash of t")).toMatchObject({ session: "t", address: null, agent: null, ended_at: 4 })
        expect([read.session("none"), read.sessionBySecret("none")]).toEqual([undefined, undefined])
      },
    ))

  it("of a user that are live are listed, newest first", () =>
    having(
      [
        [1, enroll],
        [2, start("ended", "owner")],
        [3, end("ended")],
        [4, start("idle", "owner", { idle: 10 })],
        [5, start("short", "owner", { expires: 20 })],
        [6, start("long", "owner")],
        [7, start("another's", "u")],
        [90, see("long")],
      ],
      (read) => {
        const live = (now: number) => read.sessionsOf("owner", now).map(({ session }) => session)
        expect([live(13), live(14), live(19), live(20)]).toEqual([
          ["long", "short", "idle"],
          ["long", "short"],
          ["long", "short"],
          ["long"],
        ])
        expect([live(189), live(190), read.sessionsOf("nobody", 13)]).toEqual([["long"], [], []])
      },
    ))

  it("that have ended are not seen again", () =>
    having(
      [
        [1, start("s", "u")],
        [2, see("s")],
        [3, end("s")],
        [4, see("s")],
      ],
      (read) => expect(read.session("s")).toMatchObject({ last_seen_at: 2, ended_at: 3 }),
    ))

  const endsAll: ReadonlyArray<readonly [string, Command]> = [
    ["password changes", { _tag: "ChangePassword", user: "u", password: "new", by: "u" }],
    ["role changes", { _tag: "ChangeRole", user: "u", role: "admin", sites: [], by: "owner" }],
    ["user is removed", remove("u")],
  ]
  it.each(endsAll)("all end when their %s, and nobody else's", (_, command) =>
    having(
      [
        [1, enroll],
        ...join("u"),
        [3, start("a", "u")],
        [4, start("b", "u")],
        [5, end("b")],
        [6, start("c", "owner")],
        [7, command],
        [8, see("a")],
        [9, end("a")],
      ],
      (read) => {
        expect(["a", "b", "c"].map((id) => read.session(id)?.ended_at)).toEqual([7, 5, null])
        expect(read.session("a")?.last_seen_at).toBe(3)
      },
    ))

  it("live on when the password is hashed anew, a name is invited or a factor changes", () =>
    having(
      [
        [1, enroll],
        [2, start("s", "owner")],
        [3, { _tag: "RehashPassword", user: "owner", password: "2", was: "p of owner" }],
        [4, { _tag: "EnableTotp", user: "owner", secret: "s", recovery: "r" }],
        [5, addPasskey("p", "owner")],
        ...join("u", "viewer", 7),
      ],
      (read) => expect(read.session("s")).toMatchObject({ ended_at: null }),
    ))

  it("begin after a change, but never after their user is gone", () =>
    having([[1, enroll], ...join("u"), [3, endsAll[0]![1]], [4, start("a", "u")], [5, remove("u")], [6, start("b", "u")]], (read) => {
      expect(["a", "b"].map((id) => read.session(id)?.ended_at)).toEqual([5, 6])
      expect(read.sessionsOf("u", 7)).toEqual([])
    }))

  it("say from where a user has logged in before", () =>
    having(
      [
        [1, start("a", "u", { address: "::1" })],
        [2, end("a")],
        [3, start("b", "owner", { address: "::2" })],
      ],
      (read) =>
        expect([read.hasLoggedInFrom("u", "::1"), read.hasLoggedInFrom("u", "::2"), read.hasLoggedInFrom("owner", "::2")]).toEqual([
          true,
          false,
          true,
        ]),
    ))

  it("are as if they had never been once they are erased", () =>
    having(
      [
        [1, enroll],
        [2, fail("owner")],
        [3, start("s", "owner", { address: "::1" })],
        [4, see("s")],
      ],
      async (read, writer) => {
        await tell(writer, { kind: "erase", seq: 3, id: "e", reason: "r", actor: "owner", cause: "test" })
        expect([read.session("s"), read.sessionBySecret("hash of s"), read.hasLoggedInFrom("owner", "::1")]).toEqual([
          undefined,
          undefined,
          false,
        ])
        expect(read.user("owner")).toMatchObject({ failed_logins: 1, last_login_at: null })
        const again = await ask(writer, { kind: "command", command: end("s"), id: "end", actor: "owner", cause: "test" })
        expect(again).toMatchObject({ ok: false, error: { _tag: "SessionNotFound" } })
      },
    ))
})

describe("questions about access", () => {
  it("are all answered by an index", () =>
    having([[1, enroll]], (_read, _writer, { name: path }) => {
      const asked: Array<string> = []
      const db = new Database(path, { readonly: true, verbose: (sql) => void asked.push(String(sql)) })
      const read = accessQueries(db)
      const page = { limit: 10, offset: 5 }
      read.user("u")
      read.userByName("u")
      read.users(page)
      read.userCount()
      read.owners()
      read.hasOwner()
      read.invitation("i")
      read.invitations({ ...page, now: 1 })
      read.invitationCount(1)
      read.passkey("p")
      read.passkeysOf("u")
      read.key("k")
      read.keys(page)
      read.keys({ ...page, user: "u" })
      read.keyCount()
      read.keyCount("u")
      read.session("s")
      read.sessionBySecret("h")
      read.sessionsOf("u", 1)
      read.hasLoggedInFrom("u", "::1")
      const questions = asked.splice(0)
      expect(questions.length).toBe(20)
      for (const sql of questions) {
        const plan = db.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all()
        expect(plan.map(({ detail }) => detail).join("\n"), sql).toMatch(/^(SEARCH|SCAN) \w+ USING (COVERING )?INDEX/)
      }
      db.close()
    }))
})

describe("whatever happens", () => {
  it("the tables say what the decisions rest on, and nobody who is gone can get in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(accessCommand, { maxLength: 60, size: "max" }), (commands) =>
        withWriter(async (writer, path) => {
          const all = [...firstUsers, ...commands].map(withOwnRefs)
          const replies = await Promise.all(
            all.map((command, n) => ask(writer, { kind: "command", command, id: `c${n}`, actor: "owner", cause: "test" })),
          )
          const folded = new Map<string, unknown>()
          for (const [n, command] of all.entries()) {
            const decider = deciderFor(command)
            const stream = decider.stream(command)
            const state = folded.has(stream) ? folded.get(stream) : decider.initial
            const decided = decider.decide(command, state)
            expect(replies[n]!.ok).toBe(Either.isRight(decided))
            if (Either.isRight(decided))
              folded.set(
                stream,
                decided.right.reduce<unknown>((before, event: Event) => decider.evolve(before, event), state),
              )
          }
          const accounts = folded.get("owner") as ReturnType<typeof accountsDecider.evolve>

          const db = new Database(path, { readonly: true })
          const read = accessQueries(db)
          const shown = read.users({ limit: 100, offset: 0 })
          const byId = (a: readonly [string, unknown], b: readonly [string, unknown]) => (a[0] < b[0] ? -1 : 1)
          const users = shown.map(({ user, username, role, sites, password, totp, recovery, used_codes, totp_step }) => {
            const passkeys = read.passkeysOf(user).map(({ passkey, counter }): [string, number] => [passkey, counter])
            const factor = totp === null ? undefined : { secret: totp, recovery, used: [...used_codes].sort() }
            return [user, { username, role, sites, password, totp: factor, step: totp_step ?? -1, passkeys: passkeys.sort(byId) }] as const
          })
          const expected = [...accounts.users].map(([id, { totp, passkeys, ...user }]) => {
            const factor = totp === undefined ? undefined : { ...totp, used: [...totp.used].sort() }
            return [id, { ...user, totp: factor, passkeys: [...passkeys].sort(byId) }] as const
          })
          expect([...users].sort(byId)).toEqual(expected.sort(byId))
          const open = read.invitations({ limit: 100, offset: 0, now: -1 }).map(({ invitation }) => invitation)
          expect(open.sort()).toEqual([...accounts.invitations].map(([id]) => id).sort())

          for (const gone of accounts.removed) {
            expect(read.user(gone)?.removed_at).not.toBeNull()
            expect(read.sessionsOf(gone, -1)).toEqual([])
            expect(read.passkeysOf(gone)).toEqual([])
            expect(read.keys({ user: gone, limit: 100, offset: 0 }).filter(({ revoked_at }) => revoked_at === null)).toEqual([])
          }
          db.close()
        }),
      ),
      { numRuns: 40 },
    )
  })
})
