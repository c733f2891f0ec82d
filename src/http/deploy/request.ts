import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { DeployRequest } from "../api/contract/deploys.ts"
import { DeployRefused, pathInvalid } from "./refused.ts"

const decode = Schema.decodeUnknownEither(DeployRequest)

/** Reads the body of a publish request. Runs in the deploy thread: a manifest of many files takes a while to check. */
export const parseDeployRequest = (body: string): DeployRequest => {
  const json = parseJson(body)
  const { files } = (json ?? {}) as { readonly files?: unknown }
  // The schema would make it the record's prototype, and the file would be gone without a word.
  if (typeof files === "object" && files !== null && Object.hasOwn(files, "__proto__")) throw pathInvalid("__proto__", "it is reserved")
  return Either.getOrThrowWith(decode(json), (error) => {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    const message = issue === undefined ? error.message : `${issue.path.join(".")}: ${issue.message}`
    return new DeployRefused({ code: "VALIDATION_FAILED", status: 400, message: `The manifest is not valid: ${message.slice(0, 500)}` })
  })
}

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new DeployRefused({ code: "INVALID_JSON", status: 400, message: `The manifest is no JSON: ${reason}.` })
  }
}
