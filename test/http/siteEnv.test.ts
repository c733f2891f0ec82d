import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { describe, expect, it } from "vitest"
import { type CartridgeWriter, layerInProcess } from "../../src/commands/CartridgeWriter.ts"
import { Commands } from "../../src/commands/Commands.ts"
import { Environment } from "../../src/config.ts"
import { Reads } from "../../src/http/Reads.ts"
import { Secrets } from "../../src/http/Secrets.ts"
import { EnvUnreadable, SiteEnv } from "../../src/http/SiteEnv.ts"
import { inTemporaryFolder, writerOptions } from "../support/cartridge.ts"
import { silentEnvironment } from "../support/environment.ts"

/** A cartridge in this process, opened with this master key. */
const using = <A, E>(path: string, masterKey: string | undefined, use: Effect.Effect<A, E, SiteEnv | Commands | CartridgeWriter>) => {
  const environment = Layer.succeed(Environment, {
    ...silentEnvironment(),
    masterKey: Option.map(Option.fromNullable(masterKey), Redacted.make<string>),
  })
  const layer = SiteEnv.layer.pipe(
    Layer.provide(Secrets.layer),
    Layer.provideMerge(Layer.mergeAll(Reads.layer(path), Commands.layer)),
    Layer.provideMerge(layerInProcess(writerOptions(path, { masterKey }))),
    Layer.provide(environment),
  )
  const quiet = Effect.provide(Effect.provide(use, layer), Logger.remove(Logger.defaultLogger))
  return Effect.runPromise(quiet as Effect.Effect<A, E>)
}

const by = { actor: "owner", cause: "test" }

let refs = 0
const set = (site: string, name: string, secret: string) =>
  Effect.flatMap(Commands, (commands) => {
    const ref = `env/${site}/${refs++}`
    return commands.handle({ _tag: "SetEnv", site, values: [{ name, ref }] }, by, [{ ref, secret }])
  })
const unset = (site: string, name: string, purge = false) =>
  Effect.flatMap(Commands, (commands) => commands.handle({ _tag: "UnsetEnv", site, name, purge }, by))
const values = (site: string) => Effect.map(SiteEnv, (env) => env.values(site))

describe("the environment that a site's code is given", () => {
  for (const key of [undefined, "a master key"]) {
    it(`is what was set last, ${key === undefined ? "sealed with the cartridge's own key" : "sealed with a master key"}`, () =>
      inTemporaryFolder((folder) =>
        using(
          join(folder, "data.db"),
          key,
          Effect.gen(function* () {
            expect(yield* values("shop")).toEqual({})
            yield* set("shop", "A", "1")
            yield* set("shop", "B", "sécret\n🚀")
            yield* set("blog", "A", "of the blog")
            expect(yield* values("shop")).toEqual({ A: "1", B: "sécret\n🚀" })
            yield* set("shop", "A", "2")
            expect(yield* values("shop")).toEqual({ A: "2", B: "sécret\n🚀" })
            yield* unset("shop", "B")
            yield* unset("shop", "A", true)
            expect(yield* values("shop")).toEqual({})
            expect(yield* values("blog")).toEqual({ A: "of the blog" })
          }),
        ),
      ))
  }

  it("is the same object until it changes, and nobody can change it from outside", () =>
    inTemporaryFolder((folder) =>
      using(
        join(folder, "data.db"),
        undefined,
        Effect.gen(function* () {
          yield* set("shop", "A", "1")
          const first = yield* values("shop")
          yield* set("blog", "A", "1")
          expect(yield* values("shop")).toBe(first)
          expect(Object.isFrozen(first)).toBe(true)
          yield* set("shop", "A", "1")
          expect(yield* values("shop")).not.toBe(first)
        }),
      ),
    ))

  it("is told to have changed after the change can be read, until nobody wants to hear it any more", () =>
    inTemporaryFolder((folder) =>
      using(
        join(folder, "data.db"),
        undefined,
        Effect.gen(function* () {
          const env = yield* SiteEnv
          const heard: Array<unknown> = []
          const stop = env.onChanged((site) => heard.push([site, env.values(site)]))
          yield* set("shop", "A", "1")
          yield* unset("shop", "A")
          yield* unset("shop", "A")
          stop()
          env.onChanged(() => {
            throw new Error("a listener that fails")
          })
          env.onChanged(() => heard.push("others hear of it all the same"))
          yield* set("shop", "A", "2")
          expect(heard).toEqual([["shop", { A: "1" }], ["shop", {}], "others hear of it all the same"])
        }),
      ),
    ))

  it("cannot be opened with another key, which is said by name; setting it again makes it good", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "data.db")
      await using(path, "the first key", set("shop", "A", "1"))
      await using(
        path,
        "another key",
        Effect.gen(function* () {
          const env = yield* SiteEnv
          expect(() => env.values("shop")).toThrow(EnvUnreadable)
          expect(() => env.values("shop")).toThrow(/variable A of shop cannot be opened\. Is FAZT_MASTER_KEY/)
          yield* set("shop", "A", "2")
          expect(env.values("shop")).toEqual({ A: "2" })
        }),
      )
    }))
})
