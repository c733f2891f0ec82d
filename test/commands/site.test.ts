import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { type SiteCommand, type SiteCorsInvalid, siteDecider } from "../../src/commands/site.ts"
import type { SiteCors, SiteEvent } from "../../src/events/site.ts"

const manifest = (n: number) => String(n).repeat(64)
const deployId = (n: number) => `deploy000${n}`

const deployed = (n: number): SiteEvent => ({
  type: "v1.SiteDeployed",
  data: { site: "a", deploy: deployId(n), manifest: manifest(n), files: 1, bytes: 2, source: { kind: "test" } },
})
const created: SiteEvent = { type: "v1.SiteCreated", data: { site: "a" } }
const deleted: SiteEvent = { type: "v1.SiteDeleted", data: { site: "a" } }
const undeleted = (n: number | null): SiteEvent => ({
  type: "v1.SiteUndeleted",
  data: { site: "a", deploy: n === null ? null : deployId(n), manifest: n === null ? null : manifest(n) },
})
const rolledBack = (from: number, to: number): SiteEvent => ({
  type: "v1.SiteRolledBack",
  data: { site: "a", from: deployId(from), to: deployId(to), manifest: manifest(to) },
})

const app = { origins: ["https://app.example.com"], credentials: true }
const corsSet = (cors: typeof SiteCors.Type): SiteEvent => ({ type: "v1.SiteCorsSet", data: { site: "a", ...cors } })
const corsUnset: SiteEvent = { type: "v1.SiteCorsUnset", data: { site: "a" } }
const setCors = (cors: typeof SiteCors.Type): SiteCommand => ({ _tag: "SetSiteCors", site: "a", cors })
const unsetCors: SiteCommand = { _tag: "UnsetSiteCors", site: "a" }

const create: SiteCommand = { _tag: "CreateSite", site: "a" }
const deploy = (n: number): SiteCommand => ({ _tag: "DeploySite", ...(deployed(n) as SiteEvent & { type: "v1.SiteDeployed" }).data })
const rollBack = (to?: number): SiteCommand => ({ _tag: "RollBackSite", site: "a", ...(to === undefined ? {} : { to: deployId(to) }) })
const remove: SiteCommand = { _tag: "DeleteSite", site: "a" }
const restore: SiteCommand = { _tag: "UndeleteSite", site: "a" }

const decide = (given: ReadonlyArray<SiteEvent>, when: SiteCommand) =>
  siteDecider.decide(when, given.reduce(siteDecider.evolve, siteDecider.initial))

const [nothing, live1, live2] = [[], [created, deployed(1)], [created, deployed(1), deployed(2)]] as const

describe("a site", () => {
  const accepted: ReadonlyArray<
    readonly [title: string, given: ReadonlyArray<SiteEvent>, when: SiteCommand, then: ReadonlyArray<SiteEvent>]
  > = [
    ["is created", nothing, create, [created]],
    ["is created by its first deploy", nothing, deploy(1), [created, deployed(1)]],
    ["is deployed again", live1, deploy(2), [deployed(2)]],
    ["is deployed after being created empty", [created], deploy(1), [deployed(1)]],
    ["is rolled back to what was live before", live2, rollBack(), [rolledBack(2, 1)]],
    ["is rolled back to a named deploy", [...live2, deployed(3)], rollBack(1), [rolledBack(3, 1)]],
    ["rolls forward again", [...live2, rolledBack(2, 1)], rollBack(2), [rolledBack(1, 2)]],
    ["goes one further back when rolled back twice", [...live2, deployed(3), rolledBack(3, 2)], rollBack(), [rolledBack(2, 1)]],
    [
      "goes back to what was live before, not to a deploy that had been rolled back",
      [...live2, rolledBack(2, 1), deployed(3)],
      rollBack(),
      [rolledBack(3, 1)],
    ],
    ["does nothing when rolled back to the live deploy", live2, rollBack(2), []],
    ["is deleted", live1, remove, [deleted]],
    ["does nothing when deleted twice", [...live1, deleted], remove, []],
    ["is undeleted with what was live", [...live2, rolledBack(2, 1), deleted], restore, [undeleted(1)]],
    ["is undeleted without a deploy if it never had one", [created, deleted], restore, [undeleted(null)]],
    ["does nothing when undeleted while present", live1, restore, []],
    ["comes back when it is created again", [...live1, deleted], create, [undeleted(1)]],
    ["comes back when it is deployed again", [...live1, deleted], deploy(2), [undeleted(1), deployed(2)]],
    ["is opened to other origins", [created], setCors(app), [corsSet(app)]],
    ["is opened to others than before", [created, corsSet(app)], setCors({ ...app, maxAge: 5 }), [corsSet({ ...app, maxAge: 5 })]],
    ["does nothing when it is opened as it is", [created, corsSet(app)], setCors({ ...app }), []],
    ["is opened while it is deleted, for when it comes back", [created, deleted], setCors(app), [corsSet(app)]],
    ["is closed again", [created, corsSet(app)], unsetCors, [corsUnset]],
    ["does nothing when it is closed twice", [created, corsSet(app), corsUnset], unsetCors, []],
  ]
  for (const [title, given, when, then] of accepted) {
    it(title, () => expect(decide(given, when)).toEqual(Either.right(then)))
  }

  const refused: ReadonlyArray<readonly [title: string, given: ReadonlyArray<SiteEvent>, when: SiteCommand, tag: string]> = [
    ["is not created twice", live1, create, "SiteExists"],
    ["has each deploy id once", live1, deploy(1), "DeployExists"],
    ["cannot be rolled back before it exists", nothing, rollBack(), "SiteNotFound"],
    ["cannot be rolled back while deleted", [...live2, deleted], rollBack(), "SiteNotFound"],
    ["cannot be rolled back before its first deploy", [created], rollBack(), "NoEarlierDeploy"],
    ["cannot be rolled back beyond its first deploy", live1, rollBack(), "NoEarlierDeploy"],
    ["cannot be rolled back to a deploy it never had", live2, rollBack(7), "DeployNotFound"],
    ["cannot be deleted before it exists", nothing, remove, "SiteNotFound"],
    ["cannot be undeleted before it exists", nothing, restore, "SiteNotFound"],
    ["cannot be opened to other origins before it exists", nothing, setCors(app), "SiteNotFound"],
    ["cannot be closed to them before it exists", nothing, unsetCors, "SiteNotFound"],
    ["is not opened to every origin with credentials", [created], setCors({ origins: ["*"], credentials: true }), "SiteCorsInvalid"],
    ["is not opened to a pattern", [created], setCors({ origins: ["https://*.example.com"], credentials: false }), "SiteCorsInvalid"],
  ]
  for (const [title, given, when, tag] of refused) {
    it(title, () => expect(decide(given, when)).toMatchObject({ _tag: "Left", left: { _tag: tag } }))
  }
})

describe("a site that is opened to other origins wrongly", () => {
  const cors = { origins: ["https://a.example"], credentials: false }
  it.each<[field: string, wrong: Partial<SiteCors>]>([
    ["origins", { origins: [] }],
    ["origins", { origins: ["*", "https://a.example"] }],
    ["origins", { origins: ["a.example"] }],
    ["origins", { origins: ["https://a.example", "https://a.example"] }],
    ["credentials", { origins: ["*"], credentials: true }],
    ["methods", { methods: ["get"] }],
    ["methods", { methods: Array.from({ length: 101 }, (_, i) => `M${i}`) }],
    ["headers", { headers: ["a b"] }],
    ["max_age", { maxAge: 86_401 }],
  ])("hears that it is for its %s (%j)", (field, wrong) => {
    const refusal = Either.getOrThrow(Either.flip(decide([created], setCors({ ...cors, ...wrong })))) as SiteCorsInvalid
    expect(refusal.details).toEqual({ issues: [{ field, constraint: refusal.message }] })
  })
})

describe("a site's name", () => {
  for (const name of ["a", "a1", "my-site", "0", "x".repeat(63), "root", "404", "a--b"]) {
    it(`may be ${name.slice(0, 20)}`, () => expect(decide([], { _tag: "CreateSite", site: name })._tag).toBe("Right"))
  }
  for (const name of [
    "",
    "-a",
    "a-",
    "A",
    "a_b",
    "a.b",
    "a b",
    "é",
    "x".repeat(64),
    "a/b",
    "..",
    "a\n",
    "www",
    "api",
    "mail",
    "ftp",
    "smtp",
    "pop",
    "imap",
    "ns1",
    "ns2",
    "localhost",
    "admin",
  ]) {
    it(`may not be ${JSON.stringify(name.slice(0, 20))}`, () =>
      expect(decide([], { _tag: "CreateSite", site: name })).toMatchObject({ left: { _tag: "SiteNameInvalid", status: 400 } }))
  }
  it("that cannot be is what the refusal is about", () =>
    expect(decide([], { _tag: "CreateSite", site: "www" })).toMatchObject({
      left: { details: { issues: [{ field: "site", constraint: "the name is reserved." }] } },
    }))
})
