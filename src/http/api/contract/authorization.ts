import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as Context from "effect/Context"
import { Failure } from "../envelope.ts"
import type { Principal } from "../policy.ts"

/** Who makes the request. */
export class Caller extends Context.Tag("fazt/Caller")<Caller, Principal>() {}

/** Lets in everybody, but not too often: for the endpoints at which people say who they are. */
export class Anyone extends HttpApiMiddleware.Tag<Anyone>()("fazt/Anyone", { failure: Failure }) {}

/** Finds out who makes a request, and refuses it where `policy.ts` does not let them. Every endpoint has this or `Anyone`. */
export class Authorization extends HttpApiMiddleware.Tag<Authorization>()("fazt/Authorization", { provides: Caller, failure: Failure }) {}
