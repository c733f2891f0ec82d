import fc from "fast-check"
import type { AccountCommand } from "../../src/commands/accounts.ts"
import type { KeyCommand } from "../../src/commands/keys.ts"
import type { SessionCommand } from "../../src/commands/sessions.ts"
import { type AccountEvent, localUser, type Role } from "../../src/events/accounts.ts"

export const enrolled: AccountEvent = { type: "v1.OwnerEnrolled", data: { username: "admin", password: "password of owner" } }

/** What it takes for somebody to be there: an invitation of the owner, taken up. Their password's ref is `password of <user>`. */
export const joined = (user: string, role: Role, username = user): ReadonlyArray<AccountEvent> => {
  const sites = role === "deployer" ? ["blog"] : []
  const invitation = `invitation of ${user}`
  return [
    { type: "v1.UserInvited", data: { invitation, role, sites, secretHash: "h", expires: 1000, by: "owner" } },
    { type: "v1.UserJoined", data: { user, invitation, username, role, sites, password: `password of ${user}` } },
  ]
}

const userId = fc.constantFrom("u0", "u1", "u2", "u3", "u4")
const user = fc.oneof({ weight: 4, arbitrary: userId }, { weight: 1, arbitrary: fc.constant("owner") })
const by = fc.oneof(
  { weight: 4, arbitrary: fc.constant("owner") },
  { weight: 1, arbitrary: fc.constant(localUser) },
  { weight: 3, arbitrary: userId },
)
const invitation = fc.constantFrom("i0", "i1", "i2", "i3", "i4", "i5")
const passkey = fc.constantFrom("p0", "p1", "p2")
const key = fc.constantFrom("k0", "k1", "k2", "k3")
const session = fc.constantFrom("s0", "s1", "s2", "s3")
const roleAndSites = fc.constantFrom<{ readonly role: Role; readonly sites: ReadonlyArray<string> }>(
  { role: "owner", sites: [] },
  { role: "admin", sites: [] },
  { role: "deployer", sites: ["a"] },
  { role: "deployer", sites: ["b", "a"] },
  { role: "viewer", sites: [] },
)
const username = fc.constantFrom("ann", "Ann", "bob", "Bob-2", "carol@example.com", "dave", "eve", "ADMIN", "-no")
const usually = <A>(value: A, sometimes: fc.Arbitrary<A>): fc.Arbitrary<A> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: sometimes })
/** A new vault entry; `withOwnRefs` gives each a name of its own. */
const ref = fc.constant("new")
const step = fc.integer({ min: 0, max: 20 })

const joining: ReadonlyArray<fc.Arbitrary<AccountCommand>> = [
  fc
    .tuple(invitation, roleAndSites, by, usually(1e15, fc.nat(100)), fc.option(fc.string(), { nil: undefined }))
    .map(([invitation, role, by, expires, note]) => ({
      _tag: "InviteUser",
      invitation,
      ...role,
      secretHash: "h",
      expires,
      note,
      by,
      now: 0,
    })),
  fc
    .tuple(invitation, usually("h", fc.constant("another")), userId, username, usually(0, fc.nat(100)))
    .map(([invitation, secretHash, user, username, now]) => ({
      _tag: "AcceptInvitation",
      invitation,
      secretHash,
      user,
      username,
      password: "new",
      now,
    })),
]

const others: ReadonlyArray<fc.Arbitrary<AccountCommand>> = [
  fc.record({ _tag: fc.constant("EnrollOwner" as const), username, password: ref }),
  fc.record({ _tag: fc.constant("RevokeInvitation" as const), invitation, by }),
  fc.tuple(user, roleAndSites, by).map(([user, role, by]) => ({ _tag: "ChangeRole", user, ...role, by })),
  fc.record({ _tag: fc.constant("RemoveUser" as const), user, by }),
  fc.record({ _tag: fc.constant("ChangePassword" as const), user, password: ref, by }),
  fc.record({ _tag: fc.constant("RehashPassword" as const), user, password: ref, was: fc.constantFrom("0/password", "1/password") }),
  fc
    .record({ user, secret: ref, recovery: ref, step: fc.option(step, { nil: undefined }) })
    .map((data): AccountCommand => ({ _tag: "EnableTotp", ...data })),
  fc.record({ _tag: fc.constant("DisableTotp" as const), user, by }),
  fc.record({ _tag: fc.constant("RenewRecoveryCodes" as const), user, recovery: ref }),
  fc.record({ _tag: fc.constant("UseTotp" as const), user, step }),
  fc.record({ _tag: fc.constant("UseRecoveryCode" as const), user, code: fc.nat(3) }),
  fc.tuple(user, passkey, fc.nat(3)).map(([user, passkey, counter]) => ({
    _tag: "AddPasskey",
    user,
    passkey,
    name: "phone",
    publicKey: "cose",
    counter,
    transports: ["internal", "hybrid"],
  })),
  fc.record({ _tag: fc.constant("UsePasskey" as const), user, passkey, counter: fc.nat(9) }),
  fc.record({ _tag: fc.constant("RemovePasskey" as const), user, passkey, by }),
]

const keyCommand: fc.Arbitrary<KeyCommand> = fc.oneof(
  fc
    .tuple(
      key,
      fc.option(user, { nil: undefined }),
      fc.option(fc.constant(["a", "b"]), { nil: undefined }),
      fc.option(fc.nat(1e13), { nil: undefined }),
    )
    .map(
      ([key, user, sites, expires]): KeyCommand => ({
        _tag: "CreateKey",
        key,
        name: "n",
        scopes: ["read"],
        secretHash: "h",
        user,
        sites,
        expires,
      }),
    ),
  fc.record({ _tag: fc.constant("RevokeKey" as const), key }),
  fc.record({ _tag: fc.constant("UseKey" as const), key }),
)

const sessionCommand: fc.Arbitrary<SessionCommand> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.tuple(session, user, fc.option(fc.constantFrom("::1", "10.0.0.1"), { nil: undefined })).map(
      ([session, user, address]): SessionCommand => ({
        _tag: "StartSession",
        session,
        user,
        secretHash: `hash of ${session}`,
        method: "password",
        expires: 1e15,
        idle: 1e12,
        address,
        agent: undefined,
      }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("SeeSession" as const), session }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("EndSession" as const), session, reason: fc.constant("logout" as const) }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("RecordFailedLogin" as const), user, reason: fc.constant("password" as const) }) },
)

export const accountCommand: fc.Arbitrary<AccountCommand> = fc.oneof(
  { weight: others.length, arbitrary: fc.oneof(...joining) },
  { weight: others.length, arbitrary: fc.oneof(...others) },
)

export const accessCommand: fc.Arbitrary<AccountCommand | KeyCommand | SessionCommand> = fc.oneof(
  { weight: 3, arbitrary: accountCommand },
  { weight: 1, arbitrary: keyCommand },
  { weight: 1, arbitrary: sessionCommand },
)

/** A cartridge's first commands: its owner, and another three users. */
export const firstUsers: ReadonlyArray<AccountCommand> = [
  { _tag: "EnrollOwner", username: "admin", password: "new" },
  ...(["owner", "admin", "deployer"] as const).flatMap((role, n): ReadonlyArray<AccountCommand> => {
    const invitation = `first ${n}`
    const user = { secretHash: "h", user: `u${n}`, username: `first-${n}`, password: "new" }
    return [
      { _tag: "InviteUser", invitation, role, sites: role === "deployer" ? ["a"] : [], secretHash: "h", expires: 1, by: "owner", now: 0 },
      { _tag: "AcceptInvitation", invitation, ...user, now: 0 },
    ]
  }),
]

/** The same command with vault entries of its own, named after `n`. */
export const withOwnRefs = <C extends object>(command: C, n: number): C => {
  const own = (field: string) => (field in command ? { [field]: `${n}/${field}` } : {})
  return { ...command, ...own("password"), ...own("secret"), ...own("recovery") }
}
