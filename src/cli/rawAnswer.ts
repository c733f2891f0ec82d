import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { toFailure } from "../http/api/envelope.ts"
import type { Server } from "./client.ts"
import { failed } from "./errors.ts"
import { printable } from "./format.ts"
import { Output, printJson } from "./output.ts"

const decodeFailure = Schema.decodeUnknown(
  Schema.Struct({ error: Schema.Struct({ code: Schema.String, message: Schema.String, details: Schema.optional(Schema.Unknown) }) }),
)

/** Fails with what the server says, if it refuses. */
export const accepted = (response: HttpClientResponse.HttpClientResponse) =>
  response.status < 300
    ? Effect.succeed(response)
    : Effect.flatMap(Effect.flatMap(response.json, decodeFailure), ({ error }) =>
        Effect.fail(toFailure({ ...error, status: response.status })),
      )

/** The answer's JSON; a refusal fails with what the server says. */
export const answered = (response: HttpClientResponse.HttpClientResponse) => Effect.flatMap(accepted(response), ({ json }) => json)

/** Asks for something that is not JSON. */
export const askForBytes = ({ http }: Server, path: string, urlParams: Readonly<Record<string, string>> = {}) =>
  http.execute(HttpClientRequest.get(path, { urlParams, accept: "*/*" })).pipe(Effect.flatMap(accepted))

/** Asks for stored bytes, which the API sends as a download: what is none comes from somewhere else. */
export const askForDownload = (server: Server, path: string, urlParams: Readonly<Record<string, string>>) =>
  Effect.filterOrFail(
    askForBytes(server, path, urlParams),
    ({ headers }) => headers["content-disposition"]?.startsWith("attachment") === true,
    () => failed("NOT_THE_API", "the server answered, but not as the Fazt API does", "is that a Fazt server?"),
  )

/**
 * Prints a body as it comes: to a terminal line by line as text that is safe there, to anything else byte by byte.
 */
export const printBody = ({ stream }: HttpClientResponse.HttpClientResponse) =>
  Effect.flatMap(Output, ({ look, print, write }) =>
    look.columns === undefined
      ? Stream.runForEach(stream, write)
      : Stream.runForEach(Stream.splitLines(Stream.decodeText(stream)), (line) => print(line.split("\t").map(printable).join("\t"))),
  )

/** Prints a download, or with `json` its type and its bytes as base64 beside what it is called. */
export const printDownload = (json: boolean, called: object, response: HttpClientResponse.HttpClientResponse) =>
  json
    ? Effect.flatMap(response.arrayBuffer, (body) => {
        const bytes = Buffer.from(body)
        return printJson({
          ...called,
          type: response.headers["content-type"] ?? "",
          size_bytes: bytes.length,
          base64: bytes.toString("base64"),
        })
      })
    : printBody(response)
