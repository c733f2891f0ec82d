import { createHash } from "node:crypto"
import { existsSync, lstatSync, mkdirSync, realpathSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { basename, dirname, join, resolve } from "node:path"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** What the environment says; flags win over it, the cartridge's own settings come after it. Nothing else reads the environment. */
export class Environment extends Context.Tag("fazt/Environment")<
  Environment,
  {
    /** `FAZT_DB`: the cartridge. */
    readonly db: Option.Option<string>
    /** `FAZT_DOMAIN`, `FAZT_PORT`: as the flags of `server start`. */
    readonly domain: Option.Option<string>
    readonly port: Option.Option<number>
    /** `FAZT_MASTER_KEY`: seals the vault with a key that is not in the cartridge. */
    readonly masterKey: Option.Option<Redacted.Redacted>
    /** `FAZT_TO`, `FAZT_TOKEN`: the server that remote verbs talk to, and the API key for it. */
    readonly to: Option.Option<string>
    readonly token: Option.Option<Redacted.Redacted>
    /** Where the CLI keeps its peers: `$XDG_CONFIG_HOME/fazt`, else `~/.config/fazt`. */
    readonly configFolder: string
    /** `NO_COLOR`: set to anything, output has no colours. */
    readonly noColor: boolean
  }
>() {
  static readonly layer: Layer.Layer<Environment, ConfigError.ConfigError> = Layer.effect(
    Environment,
    Effect.gen(function* () {
      const xdg = yield* Config.option(Config.string("XDG_CONFIG_HOME"))
      return {
        db: yield* Config.option(Config.string("FAZT_DB")),
        domain: yield* Config.option(Config.string("FAZT_DOMAIN")),
        port: yield* Config.option(Config.integer("FAZT_PORT")),
        masterKey: yield* Config.option(Config.redacted("FAZT_MASTER_KEY")),
        to: yield* Config.option(Config.string("FAZT_TO")),
        token: yield* Config.option(Config.redacted("FAZT_TOKEN")),
        configFolder: join(
          Option.getOrElse(xdg, () => join(homedir(), ".config")),
          "fazt",
        ),
        noColor: Option.isSome(yield* Config.option(Config.string("NO_COLOR"))),
      }
    }),
  )
}

export const defaultDb = "./data.db"
export const defaultPort = 4698
export const defaultDomain = "localhost"

/** The longest path that a unix socket can have. */
const longestSocketPath = 103

/** The cartridge's one true path: two names of one file must not have two writers. */
export const cartridgePath = (db: string): string => {
  const path = resolve(db)
  try {
    return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path))
  } catch {
    // A folder that is not there: opening the file says so.
    return path
  }
}

/** The unix socket through which a cartridge's owner reaches the process that writes to it: beside the file. */
export const localSocket = (db: string): string => {
  const beside = `${cartridgePath(db)}.sock`
  if (Buffer.byteLength(beside) <= longestSocketPath) return beside
  // Deep folders: a name that both sides derive from the path, in a folder that only this user can enter.
  return join(privateFolder(), `${createHash("sha256").update(beside).digest("hex").slice(0, 24)}.sock`)
}

/** A folder with a short name. Somebody else could have made one of that name, so it is looked at before it is trusted. */
const privateFolder = (): string => {
  const user = process.getuid?.() ?? 0
  const folder = join(tmpdir(), `fazt-${user}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(folder)
  if (uid !== user || (mode & 0o077) !== 0)
    throw new Error(`${folder} is open to other users. Remove it, or give a shorter path with --db.`)
  return folder
}
