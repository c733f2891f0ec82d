import { readFile } from "node:fs/promises"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { stdinText } from "../asked.ts"
import { segment, withServer } from "../connection.ts"
import { failed, messageOf, usageError } from "../errors.ts"
import { bytes, printable } from "../format.ts"
import { given, ifVersion, json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { collection, id } from "./place.ts"

const data = Args.text({ name: "json" }).pipe(
  Args.withDescription("The document's data, an object in JSON; without it, from --file."),
  Args.optional,
)

const file = Options.text("file").pipe(
  Options.withPseudoName("file"),
  Options.withDescription("Take the data from a file; - is standard input."),
  Options.optional,
)

export const set = verb(
  "set",
  {
    summary: "Put a document in the place of the one with its id, if there is one.",
    details: ["Earlier versions stay in its history."],
    examples: [
      `fazt documents set hello posts p1 '{"title":"Hello"}'`,
      "fazt documents set hello posts p1 --file post.json",
      `fazt documents set hello posts p1 '{"title":"Hello"}' --if-version 3`,
    ],
  },
  { site, collection, id, data, file, ifVersion, json, ...serverOptions },
  ({ site, collection, id, data, file, ifVersion, json, ...options }) =>
    Effect.gen(function* () {
      const payload = { data: yield* objectIn(yield* textOf(data, file)) }
      const urlParams = { collection, id, ...given("if_version", ifVersion) }
      const { data: info } = yield* withServer(options, ({ api }) =>
        api.documents.set({ path: { site: segment(site) }, urlParams, payload }),
      )
      yield* answer(
        json,
        info,
        ({ paint }) =>
          `${paint.green("✓")} ${printable(id)} of ${printable(collection)} is set (${bytes(info.size_bytes)}, version ${info.version})`,
      )
    }),
)

const textOf = (data: Option.Option<string>, file: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(data) === Option.isSome(file)) return yield* usageError("give the data as JSON or with --file")
    if (Option.isSome(data)) return data.value
    const path = Option.getOrThrow(file)
    if (path === "-") return yield* stdinText
    return yield* Effect.tryPromise({
      try: () => readFile(path, "utf8"),
      catch: (cause) => failed("FILE_UNREADABLE", `cannot read ${path}: ${messageOf(cause)}`),
    })
  })

const decodeObject = Schema.decodeUnknown(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown })))

const objectIn = (text: string) =>
  Effect.mapError(decodeObject(text), () => usageError("a document's data is an object in JSON", `such as '{"title":"Hello"}'`))
