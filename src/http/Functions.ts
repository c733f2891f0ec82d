import { availableParallelism } from "node:os"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { threadUrl } from "../resources.ts"
import { type Functions as Core, makeFunctions } from "../runtime/functions.ts"
import { LogBuffer } from "../runtime/LogBuffer.ts"
import { sharedEngine } from "../runtime/sharedEngine.ts"
import { Settings } from "./Settings.ts"
import { SiteEnv } from "./SiteEnv.ts"
import { Sockets } from "./Sockets.ts"

/** Runs the server code of sites, in sandbox threads that start when the first code comes. */
export class Functions extends Context.Tag("fazt/Functions")<Functions, Core>() {
  static readonly layer = (path: string) =>
    Layer.scoped(
      Functions,
      Effect.gen(function* () {
        const writer = yield* CartridgeWriter
        const settings = yield* Settings
        const siteEnv = yield* SiteEnv
        const logs = yield* LogBuffer
        const sockets = yield* Sockets
        const runtime = yield* Effect.runtime()
        const threads = settings.number("functions.threads")
        const core = yield* Effect.acquireRelease(
          Effect.sync(() =>
            makeFunctions({
              thread: threadUrl("runtime/sandboxThread"),
              path,
              engine: sharedEngine,
              threads: threads > 0 ? threads : Math.max(1, availableParallelism() - 1),
              settings: () => settings.functionSettings(),
              warmPrograms: () => settings.number("functions.warm_programs"),
              env: siteEnv.values,
              sockets: sockets.channels,
              submit: writer.submit,
              log: logs.write,
              live: sockets.deliver,
              report: (message, cause) => Runtime.runFork(runtime)(Effect.logError(message, Cause.die(cause))),
            }),
          ),
          (core) => Effect.promise(core.close),
        )
        yield* Effect.acquireRelease(
          Effect.sync(() => siteEnv.onChanged((site) => core.setEnv(site, siteEnv.values(site)))),
          (stop) => Effect.sync(stop),
        )
        yield* settings.onChanged(() => core.settingsChanged())
        return core
      }),
    )
}
