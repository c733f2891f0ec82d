import type { BlobReader } from "../events/blobs.ts"
import type { Sqlite } from "../events/cartridge.ts"
import { isErased, type LogEntry, type Recorded } from "../events/event.ts"
import type { LogReader } from "../events/log.ts"
import { decodeManifest, type Manifest } from "../events/manifest.ts"
import { accessProjection } from "./accessProjection.ts"
import { activityProjection } from "./activity.ts"
import { configProjection } from "./config.ts"
import { deploymentsProjection } from "./deployments.ts"
import { documentsProjection } from "./documents.ts"
import { envVarsProjection } from "./envVars.ts"
import { filesProjection } from "./files.ts"
import { kvStoreProjection } from "./kvStore.ts"
import { objectsProjection } from "./objects.ts"
import type { Applier, Facts, Projection, TableName } from "./projection.ts"
import { siteLogsProjection } from "./siteLogs.ts"
import { sitesProjection } from "./sites.ts"

/** Every read model. */
export const projections: ReadonlyArray<Projection> = [
  sitesProjection,
  deploymentsProjection,
  filesProjection,
  configProjection,
  accessProjection,
  activityProjection,
  envVarsProjection,
  siteLogsProjection,
  kvStoreProjection,
  objectsProjection,
  documentsProjection,
]

const headTable = "CREATE TABLE IF NOT EXISTS projections (name TEXT PRIMARY KEY, version INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT"

const live: TableName = (table) => table
const shadow: TableName = (table) => `shadow_${table}`

const replayPage = 1000

/** Where a rebuild is: `seq` of `total` events. */
export interface RebuildProgress {
  readonly projection: string
  readonly seq: number
  readonly total: number
}

/** Keeps the read models equal to the log. Everything runs on the writer's connection, in transactions that the caller holds. */
export const projector = (db: Sqlite, log: LogReader, blobs: Pick<BlobReader, "bytes">, all: ReadonlyArray<Projection> = projections) => {
  db.exec(headTable)
  const facts = cachedFacts(blobs)
  const setHeads = db.prepare("UPDATE projections SET seq = ?")
  const versions = db.prepare<[string], { version: number; seq: number }>("SELECT version, seq FROM projections WHERE name = ?")
  const setHead = db.prepare(
    "INSERT INTO projections VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version, seq = excluded.seq",
  )

  const appliers = new Map<Projection, Applier>()
  const prepare = (projection: Projection): void => {
    appliers.set(projection, projection.prepare(db, live, facts))
  }

  /** Fills shadow tables from the log, in steps, then swaps them in. The old rows keep serving until then. */
  function* rebuild(projection: Projection): Generator<RebuildProgress, void> {
    dropTables(db, projection, shadow)
    db.exec(projection.createTables(shadow))
    const applier = projection.prepare(db, shadow, facts)
    const apply = onEntries(projection, applier)
    let seq = 0
    for (;;) {
      const page = log.read(seq + 1, replayPage)
      for (const entry of page) apply(entry)
      applier.settle?.()
      seq = page.at(-1)?.seq ?? seq
      const total = log.head().seq
      if (seq === total) break
      yield { projection: projection.name, seq, total }
    }
    dropTables(db, projection, live)
    for (const table of projection.tables) db.exec(`ALTER TABLE ${shadow(table)} RENAME TO ${live(table)}`)
    db.exec(projection.createIndexes)
    setHead.run(projection.name, projection.version, seq)
    prepare(projection)
    yield { projection: projection.name, seq, total: seq }
  }

  const isStale = (projection: Projection): boolean => {
    const head = versions.get(projection.name)
    return head === undefined || head.version !== projection.version || head.seq !== log.head().seq
  }

  return {
    /** Applies newly appended events. Before the transaction ends, `settle` and `moveHeads` have to be called. */
    apply: (events: ReadonlyArray<Recorded>): void => {
      for (const { apply } of appliers.values()) for (const event of events) apply(event)
    },
    /** Writes what the projections have gathered from the events so far. Also to be called before a savepoint ends. */
    settle: (): void => {
      for (const { settle } of appliers.values()) settle?.()
    },
    /** To be called after a rollback: drops what the projections have gathered or remember. */
    forget: (): void => {
      for (const { forget } of appliers.values()) forget?.()
    },
    /** Notes how far the projections have come; in the same transaction as the rows that this covers. */
    moveHeads: (seq: number): void => {
      setHeads.run(seq)
    },
    /** Projections that are new, have changed, or are not where the log is. */
    stale: (): ReadonlyArray<Projection> => all.filter(isStale),
    /** To be called once every stale projection has been rebuilt. */
    ready: (): void => all.forEach(prepare),
    rebuild,
    /** A manifest, read once for the decision and the projections together. Throws if its blob is not stored. */
    manifest: facts.manifest,
    named: (name: string): Projection | undefined => all.find((projection) => projection.name === name),
    /** Those that read the payloads of events, which an erasure takes from them. */
    payloadReaders: all.filter(({ envelopeOnly }) => envelopeOnly !== true),
  }
}

export type Projector = ReturnType<typeof projector>

/** Applies entries of the log, of which some may have been erased. */
const onEntries = ({ envelopeOnly }: Projection, { apply, applyErased }: Applier): ((entry: LogEntry) => void) => {
  // An envelope-only projection never looks at the payload that an erased event lacks.
  if (envelopeOnly === true) return (entry) => apply(entry as Recorded)
  return (entry) => {
    if (isErased(entry)) applyErased?.(entry)
    else apply(entry)
  }
}

const dropTables = (db: Sqlite, projection: Projection, table: TableName): void => {
  for (const name of projection.tables) db.exec(`DROP TABLE IF EXISTS ${table(name)}`)
}

/** Several projections read the manifest of the same event, and the one before it. */
const cachedFacts = (blobs: Pick<BlobReader, "bytes">, size = 4): Facts => {
  const recent = new Map<string, Manifest>()
  return {
    manifest: (hash) => {
      const known = recent.get(hash)
      if (known !== undefined) return known
      const bytes = blobs.bytes(hash)
      if (bytes === undefined) throw new Error(`The manifest ${hash} is not in the cartridge.`)
      const manifest = decodeManifest(bytes)
      recent.set(hash, manifest)
      if (recent.size > size) recent.delete(recent.keys().next().value!)
      return manifest
    },
  }
}
