import type { IncomingMessage, ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { ensureAllowed } from "../../commands/Commands.ts"
import { SiteNameInvalid, siteNameProblem } from "../../commands/site.ts"
import { DeploySource } from "../../events/site.ts"
import { deploymentQueries } from "../../projections/deployments.ts"
import { Authentication, forbidden, noLonger } from "../api/auth.ts"
import type { DomainError, Failure } from "../api/envelope.ts"
import { refuse } from "../api/failures.ts"
import { plainEndpoint } from "../api/plain.ts"
import { may, type Principal } from "../api/policy.ts"
import { Reads } from "../Reads.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Settings } from "../Settings.ts"
import { Deployer } from "./Deployer.ts"
import { DeployRate } from "./DeployRate.ts"
import { DeployRefused } from "./refused.ts"
import { type Upload, withUpload } from "./upload.ts"
import { deployedView } from "./view.ts"

const badRequest = (message: string) => new DeployRefused({ code: "BAD_REQUEST", status: 400, message })

/** What is asked for by the form, once its fields have been found good. */
const readForm = ({ fields, file }: Upload, domain: string) => {
  const given = (fields.get("site_name") ?? "").trim().toLowerCase()
  if (given === "") throw badRequest("site_name is missing: which site is this?")
  const site = given.endsWith(`.${domain}`) ? given.slice(0, -domain.length - 1) : given
  const problem = siteNameProblem(site)
  if (problem !== undefined) throw badRequest(new SiteNameInvalid({ site, reason: problem }).message)
  if (file === undefined || !file.name.toLowerCase().endsWith(".zip")) throw badRequest("The field `file` has to be a .zip file.")
  const source = {
    kind: fields.get("source_type") ?? "zip",
    ...optional("url", fields.get("source_url")),
    ...optional("ref", fields.get("source_ref")),
    ...optional("commit", fields.get("source_commit")),
  }
  if (!Schema.is(DeploySource)(source)) throw badRequest("The source_… fields are too long.")
  const spa = fields.get("spa")
  return {
    site,
    file: file.path,
    source,
    spa: spa === undefined ? undefined : spa === "true",
    message: fields.get("message")?.slice(0, 1000),
  }
}

const optional = <K extends string>(key: K, value: string | undefined) => (value === undefined || value === "" ? {} : { [key]: value })

/**
 * `POST /api/deploy`: multipart `site_name` and `file` (.zip), with an API key. Checked in this order: method, key, rate, form,
 * name, file. Matches what deploy clients of the Go server send and expect; more fields in the answer.
 */
export const classicDeploy = Effect.gen(function* () {
  const authentication = yield* Authentication
  const rate = yield* DeployRate
  const deployer = yield* Deployer
  const settings = yield* Settings
  const { db } = yield* Reads
  const { domain, addresses } = yield* ServerInfo
  const deployments = deploymentQueries(db)
  const runtime = yield* Effect.runtime()

  const handle = (req: IncomingMessage, res: ServerResponse): Effect.Effect<unknown, Failure | DomainError> =>
    Effect.gen(function* () {
      if (req.method !== "POST") return yield* Effect.fail(badRequest("Method not allowed: deploy with POST."))
      const caller = yield* authentication.admit(req, res)
      const receiveAndDeploy = Effect.async<unknown, Failure | DomainError>((resume) => {
        const deploying = withUpload(req, settings.number("limits.site_bytes"), async (upload) => {
          const { site, file, source, spa, message } = readForm(upload, domain)
          // The policy does not know the site, and the upload took its time, as unpacking will: rights may have been taken away meanwhile.
          const asker = { ...caller, refusal: () => noLonger(refusalOn(caller.again(), site)) }
          const published = Effect.zipRight(ensureAllowed(asker), deployer.deployZip(site, file, spa, { source, message }, asker))
          return Effect.runPromiseExit(Effect.provide(published, runtime))
        })
        deploying.then(
          (exit) =>
            resume(
              Effect.map(exit, (published) =>
                deployedView(published, deployments.deployment(published.site, published.deploy)!, addresses),
              ),
            ),
          (error) => resume(error instanceof DeployRefused ? Effect.fail(error) : Effect.die(error)),
        )
      })
      return yield* rate.within(caller, receiveAndDeploy)
    })

  return plainEndpoint((req, res) =>
    handle(req, res).pipe(
      Effect.map((data) => send(res, { data })),
      refuse,
      Effect.provide(runtime),
    ),
  )
})

const refusalOn = (caller: Either.Either<Principal, Failure>, site: string): Failure | undefined =>
  Either.match(caller, {
    onLeft: (failure) => failure,
    onRight: (who) => (may(who, "sites.deploy", site) ? undefined : forbidden(who, "sites.deploy", site)),
  })

const send = (res: ServerResponse, body: unknown): void => {
  if (res.headersSent || res.destroyed) return
  const text = JSON.stringify(body)
  res.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text), "cache-control": "no-store" })
  res.end(text)
}
