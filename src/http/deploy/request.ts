import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { isTooDeep } from "../../runtime/jsonValue.ts"
import { exactly } from "../api/contract/common.ts"
import { DeployRequest } from "../api/contract/deploys.ts"
import { tellIssues } from "../api/issues.ts"
import { DeployRefused, pathInvalid } from "./refused.ts"

const decode = Schema.decodeUnknownEither(exactly(DeployRequest))

/** Reads the body of a publish request. Runs in the deploy thread: a manifest of many files takes a while to check. */
export const parseDeployRequest = (body: string): DeployRequest => {
  const json = parseJson(body)
  const { files } = (json ?? {}) as { readonly files?: unknown }
  // The schema would make it the record's prototype, and the file would be gone without a word.
  if (typeof files === "object" && files !== null && Object.hasOwn(files, "__proto__")) throw pathInvalid("__proto__", "it is reserved")
  return Either.getOrThrowWith(decode(json), (error) => {
    const { message, issues } = tellIssues(ParseResult.ArrayFormatter.formatErrorSync(error))
    const text = `The manifest is not valid: ${message.slice(0, 500)}`
    return new DeployRefused({ code: "VALIDATION_FAILED", status: 400, message: text, details: { issues } })
  })
}

const parseJson = (body: string): unknown => {
  if (isTooDeep(body)) throw new DeployRefused({ code: "INVALID_JSON", status: 400, message: "The manifest is nested too deeply." })
  try {
    return JSON.parse(body)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new DeployRefused({ code: "INVALID_JSON", status: 400, message: `The manifest is no JSON: ${reason}.` })
  }
}
