import fc from "fast-check"
import type { Command } from "../../src/commands/command.ts"
import type { WriterRequest } from "../../src/commands/writerRequest.ts"
import { sha256Hex } from "../../src/events/chain.ts"
import { type DocumentEvent, documentStream, indexStream } from "../../src/events/doc.ts"
import { type KvEvent, kvStream } from "../../src/events/kv.ts"
import { logsStream } from "../../src/events/logs.ts"
import { encodeManifest, type Manifest, manifestTotals } from "../../src/events/manifest.ts"
import { type ObjectEvent, objectStream } from "../../src/events/object.ts"
import { accessCommand, firstUsers } from "./accounts.ts"

/** One thing that happens to a cartridge in a random history. */
export type Step =
  | { readonly do: "deploy"; readonly site: string; readonly files: Readonly<Record<string, number>>; readonly spa: boolean }
  | { readonly do: "command"; readonly command: Command }
  /** Three users beside the owner, so that what happens to users has somebody to happen to. */
  | { readonly do: "firstUsers" }
  | { readonly do: "rollBackToNth"; readonly site: string; readonly nth: number }
  | { readonly do: "append"; readonly stream: string; readonly values: ReadonlyArray<string> }
  | { readonly do: "log"; readonly site: string; readonly messages: ReadonlyArray<string> }
  | { readonly do: "document"; readonly event: DocumentEvent }
  /** `text`: what is in the blob that the event names, if it names one. */
  | { readonly do: "store"; readonly event: KvEvent | ObjectEvent; readonly text?: string }
  | { readonly do: "erase"; readonly seq: number }
  | { readonly do: "rebuild" }

const site = fc.constantFrom("a", "b", "c")
const variable = fc.constantFrom("A", "B")
const collection = fc.constantFrom("posts", "users")
const documentOf = fc.record({ site, collection, id: fc.constantFrom("1", "ünï/2") })
const indexOf = fc.record({ site, collection, field: fc.constantFrom("a", "a.b", "__proto__") })
const documentEvent: fc.Arbitrary<DocumentEvent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(documentOf, fc.json(), fc.boolean()).map(
      ([document, value, fresh]): DocumentEvent => ({
        type: "v1.DocumentWritten",
        data: { ...document, data: JSON.parse(`{"a":${value},"__proto__":{"b":${value}}}`), ...(fresh ? { fresh } : {}) },
      }),
    ),
  },
  { weight: 1, arbitrary: documentOf.map((data): DocumentEvent => ({ type: "v1.DocumentDeleted", data })) },
  { weight: 2, arbitrary: indexOf.map((data): DocumentEvent => ({ type: "v1.DocumentIndexDeclared", data })) },
  { weight: 1, arbitrary: indexOf.map((data): DocumentEvent => ({ type: "v1.DocumentIndexDropped", data })) },
)
const keyOf = fc.record({ site, key: fc.constantFrom("x", "a/b", "ünï") })
const objectOf = fc.record({ site, path: fc.constantFrom("x", "a/b.txt") })
const stored: fc.Arbitrary<Step> = fc
  .oneof(
    fc.tuple(keyOf, fc.json(), fc.option(fc.nat(1e13), { nil: undefined })).map(([key, json, expires]): { readonly event: KvEvent } => ({
      event: {
        type: "v1.KvSet",
        data: { ...key, value: JSON.parse(json), size: json.length, ...(expires === undefined ? {} : { expires: expires + 1 }) },
      },
    })),
    fc.tuple(keyOf, fc.string()).map(([key, text]) => {
      const event: KvEvent = { type: "v1.KvSet", data: { ...key, blob: sha256Hex(text), size: text.length } }
      return { event, text }
    }),
    keyOf.map((data): { readonly event: KvEvent } => ({ event: { type: "v1.KvDeleted", data } })),
    fc.tuple(objectOf, fc.string()).map(([object, text]) => {
      const event: ObjectEvent = { type: "v1.ObjectPut", data: { ...object, blob: sha256Hex(text), size: text.length, type: "text/plain" } }
      return { event, text }
    }),
    objectOf.map((data): { readonly event: ObjectEvent } => ({ event: { type: "v1.ObjectDeleted", data } })),
  )
  .map((step) => ({ do: "store", ...step }))
const path = fc.constantFrom("index.html", "about.html", "a/b.css", "a/c.js", "__proto__", "x.bin")

/** Random steps, weighted towards what changes something. */
export const steps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("deploy" as const),
        site,
        files: fc.dictionary(path, fc.nat(5), { minKeys: 1 }),
        spa: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("rollBackToNth" as const), site, nth: fc.nat(4) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("command" as const),
        command: fc.oneof(
          site.map((name): Command => ({ _tag: "CreateSite", site: name })),
          site.map((name): Command => ({ _tag: "RollBackSite", site: name })),
          site.map((name): Command => ({ _tag: "DeleteSite", site: name })),
          site.map((name): Command => ({ _tag: "UndeleteSite", site: name })),
          fc.nat(9).map((n): Command => ({ _tag: "SetConfig", key: "limits.site_files", value: String(n) })),
          fc.constant<Command>({ _tag: "UnsetConfig", key: "limits.site_files" }),
          fc
            .tuple(site, variable, fc.nat(9))
            .map(([name, variable, n]): Command => ({ _tag: "SetEnv", site: name, values: [{ name: variable, ref: `env/${name}/${n}` }] })),
          fc
            .tuple(site, variable, fc.boolean())
            .map(([name, variable, purge]): Command => ({ _tag: "UnsetEnv", site: name, name: variable, purge })),
          fc
            .tuple(site, fc.nat(2))
            .map(([name, maxAge]): Command => ({ _tag: "SetSiteCors", site: name, cors: { origins: ["*"], credentials: false, maxAge } })),
          site.map((name): Command => ({ _tag: "UnsetSiteCors", site: name })),
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("append" as const),
        stream: fc.constantFrom("kv/a/x", "config"),
        values: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("log" as const),
        site,
        messages: fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: "firstUsers" }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("command" as const), command: accessCommand }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("document" as const), event: documentEvent }) },
    { weight: 4, arbitrary: stored },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("erase" as const), seq: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: "rebuild" }) },
  ),
  { maxLength: 40 },
)

/** The requests that a step consists of. `deploys` remembers the ids that were made, so that later steps can name them. */
export const requestsOf = (
  step: Step,
  n: number,
  deploys: Map<string, Array<string>>,
  projections: ReadonlyArray<string>,
): ReadonlyArray<WriterRequest> => {
  const by = { actor: "owner", cause: `step-${n}` }
  switch (step.do) {
    case "deploy": {
      const contents = Object.entries(step.files).map(([path, value]) => [path, Buffer.from(`content ${value}`)] as const)
      const files = Object.fromEntries(
        contents.map(([path, bytes]) => [path, { hash: sha256Hex(bytes), size: bytes.length, type: "text/plain" }]),
      )
      const manifest: Manifest = { files, spa: step.spa }
      const encoded = encodeManifest(manifest)
      const deploy = `deploy${String(n).padStart(4, "0")}`
      deploys.set(step.site, [...(deploys.get(step.site) ?? []), deploy])
      const command: Command = {
        _tag: "DeploySite",
        site: step.site,
        deploy,
        manifest: sha256Hex(encoded),
        ...manifestTotals(manifest),
        source: { url: "u", kind: "test" },
      }
      return [
        { kind: "putBlobs", blobs: [...contents.map(([, bytes]) => bytes), encoded] },
        { kind: "command", command, id: `step-${n}`, ...by },
      ]
    }
    case "rollBackToNth": {
      const made = deploys.get(step.site) ?? []
      const to = made.length === 0 ? "nonexistent" : made[step.nth % made.length]!
      return [{ kind: "command", command: { _tag: "RollBackSite", site: step.site, to }, id: `step-${n}`, ...by }]
    }
    case "command":
      return [{ kind: "command", command: step.command, id: `step-${n}`, ...by }]
    case "firstUsers":
      return firstUsers.map((command, i): WriterRequest => ({ kind: "command", command, id: `step-${n}-${i}`, ...by }))
    case "append": {
      const events = step.values.map((value, i) => ({ id: `step-${n}.${i}`, type: "v1.ConfigSet" as const, data: { key: "free", value } }))
      return [{ kind: "append", request: { ...by, streams: [{ stream: step.stream, expected: "any", events }] } }]
    }
    case "log": {
      const lines = step.messages.map((message, i) => ({
        at: n,
        level: "log" as const,
        message,
        ...(i === 0 ? { request: `req_${n}` } : {}),
      }))
      const event = { id: `step-${n}`, type: "v1.LogsWritten" as const, data: { site: step.site, lines } }
      const streams = [{ stream: logsStream(step.site), expected: "any" as const, events: [event] }]
      return [{ kind: "append", request: { actor: `fn:${step.site}`, cause: by.cause, streams } }]
    }
    case "document": {
      const { event } = step
      const { site, collection } = event.data
      const stream = "id" in event.data ? documentStream(site, collection, event.data.id) : indexStream(site, collection, event.data.field)
      const streams = [{ stream, expected: "any" as const, events: [{ id: `step-${n}.0`, ...event }] }]
      return [{ kind: "append", request: { actor: `fn:${site}`, cause: by.cause, streams } }]
    }
    case "store": {
      const { event, text } = step
      const { site } = event.data
      const stream = "key" in event.data ? kvStream(site, event.data.key) : objectStream(site, event.data.path)
      const streams = [{ stream, expected: "any" as const, events: [{ id: `step-${n}.0`, ...event }] }]
      const blobs = text === undefined ? [] : [Buffer.from(text)]
      return [{ kind: "unit", request: { actor: `fn:${site}`, cause: by.cause, streams }, blobs }]
    }
    case "erase":
      return [{ kind: "erase", seq: step.seq, id: `step-${n}`, reason: "test", ...by }]
    case "rebuild":
      return [{ kind: "rebuild", projections }]
  }
}
