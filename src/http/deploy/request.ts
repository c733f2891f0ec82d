import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { DeployRequest } from "../api/Api.ts"
import { DeployRefused } from "./refused.ts"

const decode = Schema.decodeUnknownEither(Schema.parseJson(DeployRequest))

/** Reads the body of a publish request. Runs in the deploy thread: a manifest of many files takes a while to check. */
export const parseDeployRequest = (body: string): DeployRequest =>
  Either.getOrThrowWith(decode(body), (error) => {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    const message = issue === undefined ? error.message : `${issue.path.join(".")}: ${issue.message}`
    return new DeployRefused({ code: "VALIDATION_FAILED", status: 400, message: `The manifest is not valid: ${message.slice(0, 500)}` })
  })
