import { readFile } from "node:fs/promises"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { withServer } from "./connection.ts"
import { failed, messageOf } from "./errors.ts"
import { json, serverOptions } from "./options.ts"
import { Output, printJson } from "./output.ts"
import { verb } from "./verb.ts"

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const
type Method = (typeof methods)[number]

const method = Args.text({ name: "method" }).pipe(
  Args.withSchema(
    Schema.transform(Schema.String, Schema.String, { strict: true, decode: (text) => text.toUpperCase(), encode: (text) => text }).pipe(
      Schema.compose(Schema.Literal(...methods)),
      Schema.annotations({ message: () => ({ message: `the method is ${methods.join(", ")}`, override: true }) }),
    ),
  ),
  Args.withDescription(`${methods.join(", ")}.`),
)
const path = Args.text({ name: "path" }).pipe(
  Args.withDescription("The endpoint, with its query: /api/sites?limit=5, or without /api/ before it: sites?limit=5."),
)
const data = Options.text("data").pipe(
  Options.withAlias("d"),
  Options.withPseudoName("body"),
  Options.withDescription("The request's body: JSON, @file for the bytes of a file, @- for standard input."),
  Options.optional,
)
const type = Options.text("type").pipe(
  Options.withPseudoName("mime"),
  Options.withDescription("The type of the body."),
  Options.withDefault("application/json"),
)

export const api = verb(
  "api",
  {
    summary: "Ask any endpoint of a server's API, and print what it answers.",
    details: [
      "Finds the server and its key as every command does, and ends with the exit code that belongs to the answer. `fazt openapi` lists the endpoints.",
      "With --json a refusal is printed as JSON too.",
    ],
    examples: [
      "fazt api GET sites",
      'fazt api PUT config/custom.motd --data \'{"value":"Hello"}\'',
      "fazt api PUT 'sites/hello/objects/content?path=a.png' --data @a.png --type image/png --to prod",
    ],
  },
  { method, path, data, type, json, ...serverOptions },
  ({ method, path, data, type, json: _, ...options }) =>
    withServer(options, ({ http }) =>
      Effect.gen(function* () {
        const { accepted, printBody } = yield* Effect.promise(() => import("./rawAnswer.ts"))
        const body = yield* bodyOf(data, type)
        const response = yield* http
          .execute(request(method, path.startsWith("/") ? path : `/api/${path}`, body))
          .pipe(Effect.flatMap(accepted))
        if (/^application\/json\b/.test(response.headers["content-type"] ?? "") && method !== "HEAD") yield* printJson(yield* response.json)
        else yield* printBody(response)
      }),
    ),
)

const request = (method: Method, path: string, body: HttpBody.HttpBody) =>
  HttpClientRequest.make(method)(path, { accept: "*/*" }).pipe(HttpClientRequest.setBody(body))

const bodyOf = (data: Option.Option<string>, type: string) =>
  Effect.gen(function* () {
    if (Option.isNone(data)) return HttpBody.empty
    if (!data.value.startsWith("@")) return HttpBody.text(data.value, type)
    const path = data.value.slice(1)
    if (path === "-") return HttpBody.uint8Array(yield* Effect.flatMap(Output, ({ stdin }) => stdin), type)
    const bytes = yield* Effect.tryPromise({
      try: () => readFile(path),
      catch: (cause) => failed("FILE_UNREADABLE", `cannot read ${path}: ${messageOf(cause)}`),
    })
    return HttpBody.uint8Array(bytes, type)
  })
