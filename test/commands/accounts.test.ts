import * as Either from "effect/Either"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { maxInvitations } from "../../src/commands/accountMembers.ts"
import { type AccountCommand, accountsDecider } from "../../src/commands/accounts.ts"
import { type AccountEvent, localUser, ownerUser, type Role } from "../../src/events/accounts.ts"
import { shreddedBy } from "../../src/events/shredding.ts"
import { accountCommand, enrolled, firstUsers, joined, withOwnRefs } from "../support/accounts.ts"

const fold = (events: ReadonlyArray<AccountEvent>) => events.reduce(accountsDecider.evolve, accountsDecider.initial)

const roles: ReadonlyArray<Role> = ["owner", "admin", "deployer", "viewer"]
const sitesFor = (role: Role) => (role === "deployer" ? ["blog"] : [])

/** Two of each role, all with every factor, and somebody who is gone. Open invitations of the owner for each role. */
const everybody: ReadonlyArray<AccountEvent> = [
  enrolled,
  ...roles.flatMap((role) => [...joined(`another ${role}`, role), ...(role === "owner" ? [] : joined(`the ${role}`, role))]),
  ...[ownerUser, "the admin", "the deployer", "the viewer", ...roles.map((role) => `another ${role}`)].flatMap(
    (user): Array<AccountEvent> => [
      { type: "v1.TotpEnabled", data: { user, secret: "s", recovery: "r" } },
      { type: "v1.PasskeyAdded", data: { user, passkey: `key of ${user}`, name: "n", publicKey: "c", counter: 0, transports: [] } },
    ],
  ),
  ...joined("who was an owner", "owner"),
  { type: "v1.UserRemoved", data: { user: "who was an owner", refs: [] } },
  ...roles.map(
    (role): AccountEvent => ({
      type: "v1.UserInvited",
      data: { invitation: `for ${role}`, role, sites: sitesFor(role), secretHash: "h", expires: 1000, by: ownerUser },
    }),
  ),
]
const state = fold(everybody)

const outcome = (command: AccountCommand): string => {
  const decided = accountsDecider.decide(command, state)
  if (Either.isRight(decided)) return decided.right.length === 0 ? "nothing to do" : "allowed"
  return decided.left.code
}

/** Whom each of them may manage, and which roles they may give. */
const rights: ReadonlyArray<readonly [who: string, by: string, over: ReadonlyArray<Role>]> = [
  ["whoever is at the machine", localUser, roles],
  ["an owner", ownerUser, roles],
  ["an admin", "the admin", ["admin", "deployer", "viewer"]],
  ["a deployer", "the deployer", []],
  ["a viewer", "the viewer", []],
  ["an owner who is gone", "who was an owner", []],
  ["nobody", "nobody", []],
]

describe.each(rights)("%s", (_, by, over) => {
  const expected = (...concerned: ReadonlyArray<Role>): string => (concerned.every((role) => over.includes(role)) ? "allowed" : "FORBIDDEN")

  it.each(roles)("inviting a new %s", (role) => {
    const command = { role, sites: sitesFor(role), secretHash: "h", expires: 1000, by, now: 0 }
    expect(outcome({ _tag: "InviteUser", invitation: "new", ...command })).toBe(expected(role))
  })

  it.each(roles)("revoking the invitation of a %s", (role) =>
    expect(outcome({ _tag: "RevokeInvitation", invitation: `for ${role}`, by })).toBe(expected(role)))

  it.each(roles.flatMap((from) => roles.map((to) => [from, to] as const)))("making another %s a %s", (from, to) => {
    const allowed = expected(from, to) === "allowed" && from === to ? "nothing to do" : expected(from, to)
    expect(outcome({ _tag: "ChangeRole", user: `another ${from}`, role: to, sites: sitesFor(to), by })).toBe(allowed)
  })

  const toAnother: ReadonlyArray<readonly [what: string, command: (user: string) => AccountCommand]> = [
    ["removing", (user) => ({ _tag: "RemoveUser", user, by })],
    ["changing the password of", (user) => ({ _tag: "ChangePassword", user, password: "new", by })],
    ["turning off the TOTP of", (user) => ({ _tag: "DisableTotp", user, by })],
    ["removing a passkey of", (user) => ({ _tag: "RemovePasskey", user, passkey: `key of ${user}`, by })],
  ]
  it.each(
    toAnother.flatMap(([what, command]) => roles.map((role) => [what, role, command] as const)),
  )("%s another %s", (_what, role, command) => expect(outcome(command(`another ${role}`))).toBe(expected(role)))

  const isManager = over.length > 0
  it.each(toAnother)("%s somebody there never was", (_what, command) =>
    expect(outcome(command("somebody"))).toBe(isManager ? "USER_NOT_FOUND" : "FORBIDDEN"))
  it("changing the role of, or revoking the invitation of, somebody there never was", () => {
    expect(outcome({ _tag: "ChangeRole", user: "somebody", role: "viewer", sites: [], by })).toBe(
      isManager ? "USER_NOT_FOUND" : "FORBIDDEN",
    )
    expect(outcome({ _tag: "RevokeInvitation", invitation: "none", by })).toBe(isManager ? "INVITATION_NOT_FOUND" : "FORBIDDEN")
  })
})

describe.each([
  ["an owner", ownerUser],
  ["an admin", "the admin"],
  ["a deployer", "the deployer"],
  ["a viewer", "the viewer"],
])("for themself, %s", (_, by) => {
  it.each<AccountCommand>([
    { _tag: "ChangePassword", user: by, password: "new", by },
    { _tag: "DisableTotp", user: by, by },
    { _tag: "RemovePasskey", user: by, passkey: `key of ${by}`, by },
    { _tag: "RemoveUser", user: by, by },
  ])("may $_tag", (command) => expect(outcome(command)).toBe("allowed"))
  it.each(roles)("may not take the role of a %s, even if it is theirs", (role) =>
    expect(outcome({ _tag: "ChangeRole", user: by, role, sites: sitesFor(role), by })).toBe("FORBIDDEN"))
})

/** Runs commands one after another, as a server that holds only this stream. */
const runAll = (commands: ReadonlyArray<AccountCommand>): ReadonlyArray<AccountEvent> => {
  const log: Array<AccountEvent> = []
  let current = accountsDecider.initial
  for (const [n, command] of commands.entries()) {
    const decided = accountsDecider.decide(withOwnRefs(command, n), current)
    if (Either.isLeft(decided)) continue
    log.push(...decided.right)
    current = decided.right.reduce(accountsDecider.evolve, current)
  }
  return log
}

const histories = fc.array(accountCommand, { maxLength: 100, size: "max" }).map((commands) => runAll([...firstUsers, ...commands]))

const ofType = <T extends AccountEvent["type"]>(log: ReadonlyArray<AccountEvent>, type: T) =>
  log.filter((event): event is Extract<AccountEvent, { readonly type: T }> => event.type === type)

describe("whatever happens", () => {
  /** Holds for the log up to each of its events. */
  const always = (holds: (log: ReadonlyArray<AccountEvent>) => void): void =>
    fc.assert(
      fc.property(histories, (log) => {
        for (let n = 1; n <= log.length; n++) holds(log.slice(0, n))
      }),
      { numRuns: 100 },
    )
  const atTheEnd = (holds: (log: ReadonlyArray<AccountEvent>) => void): void => fc.assert(fc.property(histories, holds), { numRuns: 300 })

  it("there is an owner", () =>
    always((log) => expect([...fold(log).users].filter(([, { role }]) => role === "owner").length).toBeGreaterThan(0)))

  it("no two users have the same name, or the same passkey", () =>
    always((log) => {
      const users = [...fold(log).users].map(([, user]) => user)
      const names = users.map(({ username }) => username.toLowerCase())
      const passkeys = users.flatMap((user) => [...user.passkeys].map(([passkey]) => passkey))
      expect([new Set(names).size, new Set(passkeys).size]).toEqual([names.length, passkeys.length])
    }))

  it("an invitation is used at most once, and by what it says", () =>
    atTheEnd((log) => {
      const invited = new Map(ofType(log, "v1.UserInvited").map(({ data }) => [data.invitation, data]))
      const used = ofType(log, "v1.UserJoined").map(({ data }) => data)
      expect(new Set(used.map(({ invitation }) => invitation)).size).toBe(used.length)
      expect(invited.size).toBeLessThanOrEqual(maxInvitations)
      for (const { invitation, role, sites } of used) expect(invited.get(invitation)).toMatchObject({ role, sites })
    }))

  it("somebody who is gone stays gone", () =>
    atTheEnd((log) => {
      const removed = new Set<string>()
      for (const event of log) {
        if ("user" in event.data) expect(removed.has(event.data.user)).toBe(false)
        if (event.type === "v1.UserRemoved") removed.add(event.data.user)
      }
    }))

  it("an open invitation is from somebody who may invite so", () =>
    always((log) => {
      const { users, invitations } = fold(log)
      const roleOf = new Map([...users].map(([id, { role }]) => [id, role]))
      for (const [, { by, role }] of invitations) {
        if (by !== localUser) expect(role === "owner" ? ["owner"] : ["owner", "admin"]).toContain(roleOf.get(by))
      }
    }))

  it("a user's TOTP steps grow, a recovery code is used once, and a passkey that counts goes on counting", () =>
    atTheEnd((log) => {
      const steps = new Map<string, number>()
      const codes = new Set<string>()
      const counters = new Map<string, number>()
      for (const { type, data } of log) {
        if (type === "v1.TotpUsed") {
          expect(data.step).toBeGreaterThan(steps.get(data.user) ?? -1)
          steps.set(data.user, data.step)
        } else if (type === "v1.TotpEnabled" || type === "v1.RecoveryCodesRenewed") {
          for (const used of [...codes]) if (used.startsWith(`${data.user}/`)) codes.delete(used)
        } else if (type === "v1.RecoveryCodeUsed") {
          expect(codes.has(`${data.user}/${data.code}`)).toBe(false)
          codes.add(`${data.user}/${data.code}`)
        } else if (type === "v1.PasskeyAdded") counters.set(data.passkey, data.counter)
        else if (type === "v1.PasskeyUsed") {
          if (data.counter > 0 || counters.get(data.passkey)! > 0) expect(data.counter).toBeGreaterThan(counters.get(data.passkey)!)
          counters.set(data.passkey, data.counter)
        }
      }
    }))

  it("each secret is in use or shredded, and never both", () =>
    always((log) => {
      const put = log.flatMap(({ data }) =>
        "password" in data
          ? [data.password]
          : "recovery" in data
            ? "secret" in data
              ? [data.secret, data.recovery]
              : [data.recovery]
            : [],
      )
      const inUse = [...fold(log).users].flatMap(([, { password, totp }]) =>
        totp === undefined ? [password] : [password, totp.secret, totp.recovery],
      )
      const shredded = log.flatMap(shreddedBy)
      expect([...inUse, ...shredded].sort()).toEqual([...put].sort())
    }))
})
