import { readFileSync } from "node:fs"
import Database from "better-sqlite3"
import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { maxPasskeys } from "../../src/commands/accountCredentials.ts"
import { type AccountCommand, accountsDecider } from "../../src/commands/accounts.ts"
import type { AccountEvent } from "../../src/events/accounts.ts"
import { enrolled, joined } from "../support/accounts.ts"
import { tell, withWriter } from "../support/cartridge.ts"

const decide = (given: ReadonlyArray<AccountEvent>, when: AccountCommand) =>
  accountsDecider.decide(when, given.reduce(accountsDecider.evolve, accountsDecider.initial))

type Given = ReadonlyArray<AccountEvent>

const user = "u"
const there: Given = [enrolled, ...joined(user, "viewer")]
const gone: AccountEvent = { type: "v1.UserRemoved", data: { user, refs: [] } }

const changePassword = (by: string): AccountCommand => ({ _tag: "ChangePassword", user, password: "new", by })
const passwordChanged = (was: string, password = "new"): AccountEvent => ({ type: "v1.PasswordChanged", data: { user, password, was } })
const rehash = (was: string): AccountCommand => ({ _tag: "RehashPassword", user, password: "new", was })
const rehashed = (was: string, password = "new"): AccountEvent => ({ type: "v1.PasswordRehashed", data: { user, password, was } })

const enable = (step?: number): AccountCommand => ({ _tag: "EnableTotp", user, secret: "secret", recovery: "codes", step })
const enabled: AccountEvent = { type: "v1.TotpEnabled", data: { user, secret: "secret", recovery: "codes" } }
const disable: AccountCommand = { _tag: "DisableTotp", user, by: user }
const disabled: AccountEvent = { type: "v1.TotpDisabled", data: { user, refs: ["secret", "codes"] } }
const renew: AccountCommand = { _tag: "RenewRecoveryCodes", user, recovery: "more codes" }
const renewed: AccountEvent = { type: "v1.RecoveryCodesRenewed", data: { user, recovery: "more codes", was: "codes" } }
const useStep = (step: number): AccountCommand => ({ _tag: "UseTotp", user, step })
const usedStep = (step: number): AccountEvent => ({ type: "v1.TotpUsed", data: { user, step } })
const useCode = (code: number): AccountCommand => ({ _tag: "UseRecoveryCode", user, code })
const usedCode = (code: number): AccountEvent => ({ type: "v1.RecoveryCodeUsed", data: { user, code } })

const passkey = { user, passkey: "p", name: "phone", publicKey: "cose", counter: 0, transports: ["internal"] }
const add: AccountCommand = { _tag: "AddPasskey", ...passkey }
const added = (over: Partial<typeof passkey> = {}): AccountEvent => ({ type: "v1.PasskeyAdded", data: { ...passkey, ...over } })
const use = (counter: number, over: { readonly user?: string; readonly passkey?: string } = {}): AccountCommand => ({
  _tag: "UsePasskey",
  user,
  passkey: "p",
  counter,
  ...over,
})
const used = (counter: number): AccountEvent => ({ type: "v1.PasskeyUsed", data: { user, passkey: "p", counter } })
const remove: AccountCommand = { _tag: "RemovePasskey", user, passkey: "p", by: user }
const removed: AccountEvent = { type: "v1.PasskeyRemoved", data: { user, passkey: "p" } }

describe("a user", () => {
  it.each<[string, Given, AccountCommand, Given]>([
    ["changes their password", there, changePassword(user), [passwordChanged("password of u")]],
    ["changes it again", [...there, passwordChanged("password of u", "2")], changePassword(user), [passwordChanged("2")]],
    ["has the owner give them another", there, changePassword("owner"), [passwordChanged("password of u")]],
    ["has it hashed anew", there, rehash("password of u"), [rehashed("password of u")]],
    ["has it hashed anew after that", [...there, rehashed("password of u", "2")], rehash("2"), [rehashed("2")]],
    ["has none hashed anew that is theirs no more", [...there, passwordChanged("password of u", "2")], rehash("password of u"), []],
    ["has none hashed anew once they are gone", [...there, gone], rehash("password of u"), []],

    ["turns TOTP on", there, enable(), [enabled]],
    ["turns it on, which uses the code that proves it", there, enable(7), [enabled, usedStep(7)]],
    ["turns it off", [...there, enabled], disable, [disabled]],
    ["turns it off once", [...there, enabled, disabled], disable, []],
    ["turns it on again", [...there, enabled, disabled], enable(), [enabled]],
    [
      "shreds the codes that are there when it is turned off",
      [...there, enabled, renewed],
      disable,
      [{ ...disabled, data: { user, refs: ["secret", "more codes"] } }],
    ],
    ["renews the recovery codes", [...there, enabled], renew, [renewed]],
    ["uses a code", [...there, enabled], useStep(0), [usedStep(0)]],
    ["uses a later code", [...there, enabled, usedStep(7)], useStep(8), [usedStep(8)]],
    ["uses a recovery code", [...there, enabled], useCode(0), [usedCode(0)]],
    ["uses another recovery code", [...there, enabled, usedCode(0)], useCode(1), [usedCode(1)]],
    ["uses recovery codes anew after they were renewed", [...there, enabled, usedCode(0), renewed], useCode(0), [usedCode(0)]],
    [
      "uses recovery codes anew after TOTP was turned on again",
      [...there, enabled, usedCode(0), disabled, enabled],
      useCode(0),
      [usedCode(0)],
    ],

    ["adds a passkey", there, add, [added()]],
    ["adds one again that was removed", [...there, added(), removed], add, [added()]],
    [
      "adds one that somebody had who is gone",
      [...there, ...joined("x", "viewer"), added({ user: "x" }), { type: "v1.UserRemoved", data: { user: "x", refs: [] } }],
      add,
      [added()],
    ],
    ["uses a passkey that does not count", [...there, added()], use(0), [used(0)]],
    ["uses it again", [...there, added(), used(0)], use(0), [used(0)]],
    ["uses a passkey that begins to count", [...there, added(), used(0)], use(1), [used(1)]],
    ["uses a passkey that counts", [...there, added({ counter: 5 })], use(6), [used(6)]],
    ["removes a passkey", [...there, added()], remove, [removed]],
  ])("%s", (_, given, when, then) => expect(decide(given, when)).toEqual(Either.right(then)))

  const noUser = ["UserNotFound", "USER_NOT_FOUND", 404] as const
  const refused = ["InvalidCredentials", "INVALID_CREDENTIALS", 401] as const
  const conflict = (error: string) => [error, "CONFLICT", 409] as const
  const noPasskey = ["PasskeyNotFound", "PASSKEY_NOT_FOUND", 404] as const
  const manyPasskeys = Array.from({ length: maxPasskeys }, (_, n) => added({ passkey: `p${n}` }))
  it.each<[string, Given, AccountCommand, readonly [error: string, code: string, status: number]]>([
    ["a password if they are not there", [enrolled], changePassword("owner"), noUser],
    ["a password by themself if they are gone", [...there, gone], changePassword(user), ["NotAllowed", "FORBIDDEN", 403]],

    ["TOTP if they are not there", [enrolled], enable(), noUser],
    ["TOTP twice", [...there, enabled], enable(), conflict("TotpIsOn")],
    ["TOTP with a code that was used", [...there, enabled, usedStep(7), disabled], enable(7), refused],
    ["no TOTP if they are not there", [enrolled], { ...disable, by: "owner" }, noUser],
    ["new recovery codes if they are not there", [enrolled], renew, noUser],
    ["new recovery codes without TOTP", there, renew, conflict("TotpIsOff")],
    ["a code if they are not there", [enrolled], useStep(1), refused],
    ["a code without TOTP", there, useStep(1), refused],
    ["a code once TOTP is off", [...there, enabled, disabled], useStep(1), refused],
    ["a code twice", [...there, enabled, usedStep(7)], useStep(7), refused],
    ["a code before the last one", [...there, enabled, usedStep(7)], useStep(6), refused],
    ["a code of before TOTP was turned on again", [...there, enabled, usedStep(7), disabled, enabled], useStep(7), refused],
    ["a code before the first step", [...there, enabled], useStep(-1), refused],
    ["a recovery code if they are not there", [enrolled], useCode(0), refused],
    ["a recovery code without TOTP", there, useCode(0), refused],
    ["a recovery code twice", [...there, enabled, usedCode(0), usedCode(1)], useCode(0), refused],

    ["a passkey if they are not there", [enrolled], add, noUser],
    ["a passkey twice", [...there, added()], add, conflict("PasskeyExists")],
    ["a passkey that somebody else has", [...there, added({ user: "owner" })], add, conflict("PasskeyExists")],
    ["a passkey too many", [...there, ...manyPasskeys], add, conflict("TooManyPasskeys")],
    ["the use of a passkey if they are not there", [enrolled], use(1), refused],
    ["the use of a passkey that there never was", [...there, added()], use(1, { passkey: "another" }), refused],
    ["the use of a passkey that is somebody else's", [...there, added()], use(1, { user: "owner" }), refused],
    ["the use of a passkey that was removed", [...there, added(), removed], use(1), refused],
    ["a passkey that counts as far as it did before", [...there, added({ counter: 5 })], use(5), refused],
    ["a passkey that counts less far than before", [...there, added(), used(5)], use(4), refused],
    ["a passkey that counts no more", [...there, added(), used(5)], use(0), refused],
    ["a passkey that counts below zero", [...there, added()], use(-1), refused],
    ["the removal of a passkey that there never was", there, remove, noPasskey],
    ["the removal of a passkey twice", [...there, added(), removed], remove, noPasskey],
    ["the removal of somebody else's passkey as theirs", [...there, added({ user: "owner" })], remove, noPasskey],
  ])("is refused %s", (_, given, when, [_tag, code, status]) => expect(decide(given, when)).toMatchObject({ left: { _tag, code, status } }))

  it("has at most so many passkeys that one fits after another is removed", () =>
    expect(decide([...there, ...manyPasskeys, { type: "v1.PasskeyRemoved", data: { user, passkey: "p3" } }], add)).toEqual(
      Either.right([added()]),
    ))

  it("is told nothing by a refusal to log in", () => {
    const refusals = [
      decide([enrolled], useStep(1)),
      decide(there, useStep(1)),
      decide([...there, enabled, usedStep(1)], useStep(1)),
      decide(there, use(1)),
    ]
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1)
  })
})

describe("a secret", () => {
  /** Runs commands, each with the secrets that it puts, and hands over what the vault holds then. */
  const withVault = (
    commands: ReadonlyArray<readonly [command: AccountCommand, ...put: ReadonlyArray<string>]>,
    use: (refs: ReadonlyArray<string>) => void,
  ) =>
    withWriter(async (writer, path) => {
      for (const [n, [command, ...put]] of commands.entries()) {
        const secrets = put.map((ref) => ({ ref, secret: `secret ${n}` }))
        await tell(writer, { kind: "command", command, id: `c${n}`, actor: "owner", cause: "test", secrets })
      }
      writer.close()
      const db = new Database(path, { readonly: true })
      use(db.prepare<[], string>("SELECT ref FROM vault ORDER BY ref").pluck().all())
      db.close()
    })

  const begin: ReadonlyArray<readonly [AccountCommand, ...ReadonlyArray<string>]> = [
    [{ _tag: "EnrollOwner", username: "admin", password: "first" }, "first"],
    [{ _tag: "InviteUser", invitation: "i", role: "viewer", sites: [], secretHash: "h", expires: 1, by: "owner", now: 0 }],
    [{ _tag: "AcceptInvitation", invitation: "i", secretHash: "h", user, username: "u", password: "p1", now: 0 }, "p1"],
  ]
  const password = (password: string, put = password) => [{ _tag: "ChangePassword", user, password, by: user }, put] as const

  it.each<[string, typeof begin, ReadonlyArray<string>]>([
    ["of a password that is changed", [password("p2")], ["p2"]],
    ["of a password that is hashed anew", [[{ _tag: "RehashPassword", user, password: "p2", was: "p1" }, "p2"]], ["p2"]],
    ["of TOTP that is turned off", [[enable(), "secret", "codes"], [disable]], ["p1"]],
    [
      "of recovery codes that are renewed",
      [
        [enable(), "secret", "codes"],
        [renew, "more codes"],
      ],
      ["more codes", "p1", "secret"],
    ],
    ["of a user who is removed", [[enable(), "secret", "codes"], [renew, "more codes"], [{ _tag: "RemoveUser", user, by: "owner" }]], []],
  ])("%s is shredded, and no other", (_, then, refs) =>
    withVault([...begin, ...then], (found) => expect(found).toEqual(["first", ...refs])))

  it("that a command does not come to use is not kept", () =>
    withVault([...begin, [{ _tag: "RehashPassword", user, password: "p2", was: "p0" }, "p2"]], (found) =>
      expect(found).toEqual(["first", "p1"]),
    ))

  it("that takes the place of another under its name stays, and no byte of the other", () =>
    withWriter(async (writer, path) => {
      const send = (command: AccountCommand, id: string, secret: string) =>
        tell(writer, { kind: "command", command, id, actor: "owner", cause: "test", secrets: [{ ref: "same", secret }] })
      const sealed = (): Buffer => {
        const db = new Database(path, { readonly: true })
        const bytes = db.prepare<[], Buffer>("SELECT sealed FROM vault WHERE ref = 'same'").pluck().get()!
        db.close()
        return bytes
      }
      const isInFiles = (bytes: Buffer) => ["", "-wal"].some((suffix) => readFileSync(path + suffix).includes(bytes))
      await send({ _tag: "EnrollOwner", username: "admin", password: "same" }, "1", "long ".repeat(2000))
      const old = sealed().subarray(5000, 5100)
      expect(isInFiles(old)).toBe(true)
      await send({ _tag: "ChangePassword", user: "owner", password: "same", by: "owner" }, "2", "short")
      expect(sealed().length).toBe(12 + 5 + 16)
      await expect.poll(() => isInFiles(old), { timeout: 5000 }).toBe(false)
    }))
})
