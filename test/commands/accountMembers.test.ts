import Database from "better-sqlite3"
import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { maxInvitations, maxUsers, usernameProblem } from "../../src/commands/accountMembers.ts"
import { type AccountCommand, accountsDecider } from "../../src/commands/accounts.ts"
import type { AccountEvent, Role } from "../../src/events/accounts.ts"
import { accessQueries } from "../../src/projections/access.ts"
import { enrolled, joined } from "../support/accounts.ts"
import { ask, withWriter } from "../support/cartridge.ts"

const decide = (given: ReadonlyArray<AccountEvent>, when: AccountCommand) =>
  accountsDecider.decide(when, given.reduce(accountsDecider.evolve, accountsDecider.initial))

const enroll = (username = "admin"): AccountCommand => ({ _tag: "EnrollOwner", username, password: "password of owner" })
const invitation = { invitation: "i", role: "viewer", sites: [], secretHash: "h", expires: 1000, by: "owner" } as const
const invite = (over: Partial<Extract<AccountCommand, { _tag: "InviteUser" }>> = {}): AccountCommand => ({
  _tag: "InviteUser",
  ...invitation,
  now: 0,
  ...over,
})
const invited = (over: Partial<Extract<AccountEvent, { type: "v1.UserInvited" }>["data"]> = {}): AccountEvent => ({
  type: "v1.UserInvited",
  data: { ...invitation, ...over },
})
const accept = (over: Partial<Extract<AccountCommand, { _tag: "AcceptInvitation" }>> = {}): AccountCommand => ({
  _tag: "AcceptInvitation",
  invitation: "i",
  secretHash: "h",
  user: "ann",
  username: "Ann",
  password: "password of ann",
  now: 999,
  ...over,
})
const hasJoined: AccountEvent = {
  type: "v1.UserJoined",
  data: { user: "ann", invitation: "i", username: "Ann", role: "viewer", sites: [], password: "password of ann" },
}
const revoke: AccountCommand = { _tag: "RevokeInvitation", invitation: "i", by: "owner" }
const revoked = (id = "i"): AccountEvent => ({ type: "v1.InvitationRevoked", data: { invitation: id } })
const changeRole = (user: string, role: Role, sites: ReadonlyArray<string> = [], by = "owner"): AccountCommand => ({
  _tag: "ChangeRole",
  user,
  role,
  sites,
  by,
})
const roleChanged = (user: string, role: Role, sites: ReadonlyArray<string> = []): AccountEvent => ({
  type: "v1.UserRoleChanged",
  data: { user, role, sites },
})
const remove = (user: string, by = "owner"): AccountCommand => ({ _tag: "RemoveUser", user, by })
const removed = (user: string, ...refs: ReadonlyArray<string>): AccountEvent => ({
  type: "v1.UserRemoved",
  data: { user, refs: [`password of ${user}`, ...refs] },
})

type Given = ReadonlyArray<AccountEvent>

describe("accounts", () => {
  it.each<[string, Given, AccountCommand, Given]>([
    ["begin with the owner", [], enroll(), [enrolled]],

    ["grow by an invitation", [enrolled], invite(), [invited()]],
    [
      "grow by an invitation to deploy to sites, each named once",
      [enrolled],
      invite({ role: "deployer", sites: ["a", "b", "a"], note: "for Ann" }),
      [invited({ role: "deployer", sites: ["a", "b"], note: "for Ann" })],
    ],
    ["have an invitation once", [enrolled, invited()], invite({ role: "admin" }), []],
    ["do not have it again once it was revoked", [enrolled, invited(), revoked()], invite(), []],
    ["do not have it again once it was used", [enrolled, invited(), hasJoined], invite(), []],
    ["lose an invitation that is revoked", [enrolled, invited()], revoke, [revoked()]],
    ["lose it once", [enrolled, invited(), revoked()], revoke, []],

    ["grow by whoever takes it up", [enrolled, invited()], accept(), [hasJoined]],
    [
      "give them what the invitation says",
      [enrolled, invited({ role: "deployer", sites: ["a"] })],
      accept(),
      [{ type: "v1.UserJoined", data: { ...hasJoined.data, role: "deployer", sites: ["a"] } } as AccountEvent],
    ],
    [
      "give the name of somebody who is gone to somebody else",
      [enrolled, ...joined("old", "viewer", "ann"), removed("old"), invited()],
      accept(),
      [hasJoined],
    ],

    ["change a role", [enrolled, ...joined("u", "viewer")], changeRole("u", "admin"), [roleChanged("u", "admin")]],
    [
      "give a role sites",
      [enrolled, ...joined("u", "viewer")],
      changeRole("u", "deployer", ["a", "a"]),
      [roleChanged("u", "deployer", ["a"])],
    ],
    ["change sites", [enrolled, ...joined("u", "deployer")], changeRole("u", "deployer", ["a"]), [roleChanged("u", "deployer", ["a"])]],
    ["change no role that is so already", [enrolled, ...joined("u", "admin")], changeRole("u", "admin"), []],
    ["change no sites that are so already", [enrolled, ...joined("u", "deployer")], changeRole("u", "deployer", ["blog"]), []],
    [
      "make another owner, who makes the first a viewer",
      [enrolled, ...joined("u", "viewer"), roleChanged("u", "owner")],
      changeRole("owner", "viewer", [], "u"),
      [roleChanged("owner", "viewer")],
    ],
    [
      "revoke what somebody may invite no more when their role changes",
      [
        enrolled,
        ...joined("u", "owner"),
        invited({ invitation: "2", role: "owner", by: "u" }),
        invited({ invitation: "1", role: "owner", by: "u" }),
        invited({ invitation: "3", role: "admin", by: "u" }),
        invited({ invitation: "4", role: "owner" }),
      ],
      changeRole("u", "admin"),
      [revoked("1"), revoked("2"), roleChanged("u", "admin")],
    ],

    ["shrink by whoever is removed", [enrolled, ...joined("u", "viewer")], remove("u"), [removed("u")]],
    ["shrink by whoever leaves", [enrolled, ...joined("u", "viewer")], remove("u", "u"), [removed("u")]],
    ["shrink by an owner who leaves another", [enrolled, ...joined("u", "owner")], remove("owner", "owner"), [removed("owner")]],
    [
      "shred all that whoever is removed logged in with",
      [
        enrolled,
        ...joined("u", "viewer"),
        { type: "v1.TotpEnabled", data: { user: "u", secret: "secret", recovery: "1" } },
        { type: "v1.RecoveryCodesRenewed", data: { user: "u", recovery: "2", was: "1" } },
      ],
      remove("u"),
      [removed("u", "secret", "2")],
    ],
    [
      "revoke the open invitations of whoever is removed",
      [enrolled, ...joined("u", "admin"), invited({ by: "u" }), invited({ invitation: "another" })],
      remove("u"),
      [revoked(), removed("u")],
    ],
  ])("%s", (_, given, when, then) => expect(decide(given, when)).toEqual(Either.right(then)))

  const tooMany = Array.from({ length: maxUsers - 1 }, (_, n) => joined(`u${n}`, "viewer")).flat()
  const allInvited = Array.from({ length: maxInvitations }, (_, n) => invited({ invitation: `i${n}` }))
  const notFound = ["InvitationNotFound", "INVITATION_NOT_FOUND", 404] as const
  const forbidden = ["NotAllowed", "FORBIDDEN", 403] as const
  const invalid = (error: string) => [error, "VALIDATION_FAILED", 400] as const
  const conflict = (error: string) => [error, "CONFLICT", 409] as const
  it.each<[string, Given, AccountCommand, readonly [error: string, code: string, status: number]]>([
    ["a second owner from enrolling", [enrolled], enroll(), conflict("OwnerExists")],
    [
      "somebody from enrolling after the first owner has left",
      [enrolled, ...joined("u", "owner"), removed("owner")],
      enroll(),
      conflict("OwnerExists"),
    ],
    ["an owner without a proper name", [], enroll("the owner"), invalid("UsernameInvalid")],

    ["an invitation before there is an owner", [], invite({ by: "local" }), forbidden],
    ["a deployer without sites", [enrolled], invite({ role: "deployer" }), invalid("RoleSitesInvalid")],
    ["a viewer with sites", [enrolled], invite({ sites: ["a"] }), invalid("RoleSitesInvalid")],
    ["an admin with sites", [enrolled], invite({ role: "admin", sites: ["a"] }), invalid("RoleSitesInvalid")],
    ["an owner with sites", [enrolled], invite({ role: "owner", sites: ["a"] }), invalid("RoleSitesInvalid")],
    ["too many open invitations", [enrolled, ...allInvited], invite(), conflict("TooManyInvitations")],

    ["the revocation of an invitation that there never was", [enrolled], revoke, notFound],
    ["the revocation of an invitation that is used", [enrolled, invited(), hasJoined], revoke, notFound],

    ["an invitation that there never was", [enrolled], accept(), notFound],
    ["an invitation that is used", [enrolled, invited(), hasJoined], accept({ user: "u2", username: "another" }), notFound],
    ["a used invitation whose user is gone", [enrolled, invited(), hasJoined, removed("ann")], accept({ user: "u2" }), notFound],
    ["an invitation that is revoked", [enrolled, invited(), revoked()], accept(), notFound],
    ["an invitation that has expired", [enrolled, invited()], accept({ now: 1000 }), notFound],
    ["an invitation with another secret", [enrolled, invited()], accept({ secretHash: "H" }), notFound],
    [
      "an invitation with another secret before its name is looked at",
      [enrolled, invited()],
      accept({ secretHash: "", username: "" }),
      notFound,
    ],
    ["a name that is none", [enrolled, invited()], accept({ username: "-ann" }), invalid("UsernameInvalid")],
    [
      "a name that is taken",
      [enrolled, ...joined("u", "viewer", "ann"), invited()],
      accept({ username: "ANN" }),
      conflict("UsernameTaken"),
    ],
    ["the owner's name", [enrolled, invited()], accept({ username: "Admin" }), conflict("UsernameTaken")],
    ["a user too many", [enrolled, ...tooMany, invited()], accept(), conflict("TooManyUsers")],
    ["the id of a user who is there", [enrolled, ...joined("u", "viewer"), invited()], accept({ user: "u" }), conflict("UserExists")],
    [
      "the id of a user who is gone",
      [enrolled, ...joined("u", "viewer"), removed("u"), invited()],
      accept({ user: "u" }),
      conflict("UserExists"),
    ],
    ["the owner's id", [enrolled, invited()], accept({ user: "owner" }), conflict("UserExists")],
    ["the id that stands for the machine", [enrolled, invited()], accept({ user: "local" }), conflict("UserExists")],

    ["the role of nobody", [enrolled], changeRole("u", "viewer"), ["UserNotFound", "USER_NOT_FOUND", 404]],
    ["a change of one's own role", [enrolled, ...joined("u", "owner")], changeRole("owner", "admin"), forbidden],
    ["a change to deployer without sites", [enrolled, ...joined("u", "viewer")], changeRole("u", "deployer"), invalid("RoleSitesInvalid")],
    ["a change to admin with sites", [enrolled, ...joined("u", "viewer")], changeRole("u", "admin", ["a"]), invalid("RoleSitesInvalid")],
    ["another role for the only owner", [enrolled], changeRole("owner", "admin", [], "local"), conflict("LastOwner")],

    ["the removal of nobody", [enrolled], remove("u"), ["UserNotFound", "USER_NOT_FOUND", 404]],
    [
      "a removal for the second time",
      [enrolled, ...joined("u", "viewer"), removed("u")],
      remove("u"),
      ["UserNotFound", "USER_NOT_FOUND", 404],
    ],
    ["the only owner's leave", [enrolled, ...joined("u", "admin")], remove("owner", "owner"), conflict("LastOwner")],
    ["the only owner's removal", [enrolled], remove("owner", "local"), conflict("LastOwner")],
    ["the second leave of two owners", [enrolled, ...joined("u", "owner"), removed("owner")], remove("u", "u"), conflict("LastOwner")],
  ])("refuse %s", (_, given, when, [_tag, code, status]) => expect(decide(given, when)).toMatchObject({ left: { _tag, code, status } }))

  it.each<[field: string, Given, AccountCommand]>([
    ["username", [], enroll("the owner")],
    ["username", [enrolled, invited()], accept({ username: "-ann" })],
    ["sites", [enrolled], invite({ role: "deployer" })],
    ["sites", [enrolled], invite({ sites: ["a"] })],
  ])("say that it is for the %s", (field, given, when) => {
    const issue = { field, constraint: expect.stringMatching(/\S/) }
    expect(decide(given, when)).toMatchObject({ left: { details: { issues: [issue] } } })
  })

  it("count no invitation that has expired, is used or is revoked among the open ones", () => {
    expect(decide([enrolled, ...allInvited], invite({ now: 1000 }))).toMatchObject({ _tag: "Right" })
    expect(decide([enrolled, ...allInvited, revoked("i0")], invite())).toMatchObject({ _tag: "Right" })
    const used = { type: "v1.UserJoined", data: { ...hasJoined.data, invitation: "i0" } } as AccountEvent
    expect(decide([enrolled, ...allInvited, used], invite())).toMatchObject({ _tag: "Right" })
  })
})

describe("an invitation that many take up at the same time", () => {
  it("lets one of them in, and keeps no secret of the others", () =>
    withWriter(async (writer, path) => {
      const send = (command: AccountCommand, id: string, ref: string) =>
        ask(writer, { kind: "command", command, id, actor: "visitor", cause: "test", secrets: [{ ref, secret: "hash" }] })
      await send(enroll(), "enroll", "password of owner")
      await send(invite(), "invite", "none")
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          send(accept({ user: `u${n}`, username: `name${n}`, password: `ref ${n}` }), `accept ${n}`, `ref ${n}`),
        ),
      )
      expect(replies.filter(({ ok }) => ok)).toHaveLength(1)
      const codes = replies.flatMap((reply) => ("error" in reply ? [(reply.error as { readonly code?: string }).code] : []))
      expect(codes).toEqual(Array.from({ length: 49 }, () => "INVITATION_NOT_FOUND"))
      const db = new Database(path, { readonly: true })
      const read = accessQueries(db)
      expect(read.users({ limit: 99, offset: 0 }).map(({ username }) => username)).toEqual(["admin", "name0"])
      expect(read.invitation("i")).toMatchObject({ user: "u0", used_at: expect.any(Number) })
      expect(db.prepare("SELECT ref FROM vault ORDER BY ref").pluck().all()).toEqual(["none", "password of owner", "ref 0"])
      db.close()
    }))
})

describe("a username", () => {
  it.each(["a", "7", "admin", "Ann.B-c_d+e@example.com", "x".repeat(64)])("can be %s", (username) =>
    expect(usernameProblem(username)).toBeUndefined())
  it.each([
    "",
    " ",
    "-a",
    ".a",
    "_a",
    "@a",
    "+a",
    "a b",
    "a\n",
    "a/b",
    "ä",
    "aä",
    "a\u0000",
    "а",
    "a,b",
    "x".repeat(65),
  ])("cannot be %j", (username) => expect(usernameProblem(username)).toMatch(/64 letters/))
})
