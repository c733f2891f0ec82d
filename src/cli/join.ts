import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { asked } from "./asked.ts"
import { credentialOptions } from "./credentials.ts"
import { usageError } from "./errors.ts"
import { newPassword } from "./newPassword.ts"
import { json } from "./options.ts"
import { answer, note } from "./output.ts"
import { checkKeyOptions, keyOptions, mayHaveKeys, rememberWithKey } from "./ownKey.ts"
import { verb } from "./verb.ts"

const link = Args.text({ name: "link" }).pipe(Args.withDescription("The invitation's link."))

const { username, passwordStdin } = credentialOptions

export const join = verb(
  "join",
  {
    summary: "Take up an invitation: choose a name and a password, and remember the server with a key of one's own.",
    details: [
      "As after `fazt login`, what is saved is the key; the password is kept nowhere. A viewer gets no key, and logs in with a browser.",
    ],
    examples: ["fazt join https://admin.example.com/auth/invite/9c41d07be2aa_… --as work"],
  },
  { link, username, passwordStdin, ...keyOptions, json },
  ({ link, username, passwordStdin, json, ...keys }) =>
    Effect.gen(function* () {
      const invitation = partsOf(link)
      if (invitation === undefined)
        return yield* usageError("that is no link of an invitation", "it looks like https://admin.example.com/auth/invite/…")
      const { url, code } = invitation
      const options = yield* checkKeyOptions(keys, url, url)
      const { invitationAt, takeUp, warnIfExposed } = yield* Effect.promise(() => import("./session.ts"))
      const { role, sites } = yield* invitationAt(url, code)
      if (!json) yield* note(`an invitation to ${url} as ${role}${role === "deployer" ? ` of ${sites.join(", ")}` : ""}`)
      yield* warnIfExposed(url)
      const account = {
        username: yield* Option.match(username, {
          onNone: () => asked("Choose a username: ", "give --username and --password-stdin"),
          onSome: Effect.succeed,
        }),
        password: Option.getOrElse(yield* newPassword({ passwordStdin, generate: false }), () => ""),
      }
      const { server, user } = yield* takeUp(url, code, account)
      const joined = `joined ${url} as ${user.username} (${user.role})`
      if (!mayHaveKeys(user)) {
        return yield* answer(
          json,
          { peer: null, url, user, key: null },
          ({ paint }) => `${paint.green("✓")} ${joined}\n  log in with a browser there`,
        )
      }
      const { told, json: result } = yield* rememberWithKey(server, user, url, options)
      yield* answer(json, result, ({ paint }) => `${paint.green("✓")} ${joined}\n  ${told}`)
    }).pipe(Effect.scoped),
)

/** The server and the code that the link of an invitation has. */
export const partsOf = (link: string): { readonly url: string; readonly code: string } | undefined => {
  const url = URL.canParse(link) ? new URL(link) : undefined
  const code = /^\/(?:api\/)?auth\/invite\/([^/]+)\/?$/.exec(url?.pathname ?? "")?.[1]
  return url === undefined || code === undefined || !/^https?:$/.test(url.protocol) ? undefined : { url: url.origin, code }
}
