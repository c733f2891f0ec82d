import * as Options from "@effect/cli/Options"
import * as Option from "effect/Option"

const filter = (name: string, pseudoName: string, description: string) =>
  Options.text(name).pipe(Options.withPseudoName(pseudoName), Options.withDescription(description), Options.optional)

/** Which events are meant. */
export const filters = {
  site: filter("site", "name", "Only events of this site."),
  stream: filter("stream", "name", "Only events of this stream, such as site/hello or config."),
  type: filter("type", "name", "Only events of this type, such as v1.SiteDeployed."),
  actor: filter("actor", "name", "Only what this actor did, such as owner, key:<id> or system."),
  since: filter("since", "time", "Only since then: 2h, 7d or a date."),
  until: filter("until", "time", "Only until then: 2h, 7d or a date."),
}

export type Filters = { readonly [Name in keyof typeof filters]: Option.Option<string> }

/** The filters that were given, as the API takes them. */
export const filterParams = ({ site, stream, type, actor, since, until }: Filters) => ({
  site: Option.getOrUndefined(site),
  stream: Option.getOrUndefined(stream),
  type: Option.getOrUndefined(type),
  actor: Option.getOrUndefined(actor),
  since: Option.getOrUndefined(since),
  until: Option.getOrUndefined(until),
})
