import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { parseScopes } from "../../../src/cli/keys/scopes.ts"

describe("the scopes of a new key", () => {
  it.effect.each<readonly [ReadonlyArray<string>, ReadonlyArray<string>]>([
    [[], []],
    [["read"], ["read"]],
    [["deploy,read"], ["deploy", "read"]],
    [
      ["deploy", "read"],
      ["deploy", "read"],
    ],
    [[" deploy , deploy ,"], ["deploy"]],
    [
      ["read,deploy,logs,env", "kv,audit,metrics,admin"],
      ["read", "deploy", "logs", "env", "kv", "audit", "metrics", "admin"],
    ],
  ])("%j", ([texts, scopes]) => Effect.map(parseScopes(texts), (parsed) => expect(parsed).toEqual(scopes)))

  it.effect.each<readonly [ReadonlyArray<string>]>([[["owner"]], [["deploy,root"]], [["root", "deploy"]]])("cannot be %j", ([texts]) =>
    Effect.map(Effect.either(parseScopes(texts)), (parsed) => expect(Either.getLeft(parsed)).toMatchObject({ value: { code: "USAGE" } })),
  )
})
