import { blobReader } from "../events/blobs.ts"
import { openForReading } from "../events/cartridge.ts"
import { cartridgeFigures } from "../events/figures.ts"
import { logReader } from "../events/log.ts"
import { verifyPart } from "../events/verify.ts"
import { type ActivityFilter, activityList, activityPage } from "./activity.ts"
import { deploymentQueries } from "./deployments.ts"
import { diffManifests } from "./diff.ts"
import { documentHistoryQueries } from "./documentHistory.ts"
import { documentPageQueries } from "./documentPages.ts"
import { fileListQueries } from "./fileList.ts"
import { kvHistoryQueries } from "./kvHistory.ts"
import { objectHistoryQueries } from "./objectHistory.ts"
import { type LogFilter, logQuery } from "./siteLogs.ts"

/** Queries that may scan: they run in the reader thread, so that they hold up nobody. */
export const makeReader = (path: string) => {
  const db = openForReading(path)
  const log = logReader(db)
  const blobs = blobReader(db)
  const deployments = deploymentQueries(db)
  const files = fileListQueries(db, blobs)
  const heads = db.prepare<[], { name: string; version: number; seq: number }>("SELECT name, version, seq FROM projections ORDER BY name")
  return {
    audit: (filter: ActivityFilter) => activityList(db, filter),
    auditPage: (filter: Parameters<typeof activityPage>[1]) => activityPage(db, filter),
    logs: (filter: LogFilter) => logQuery(db, filter),
    history: deployments.history,
    deploys: deployments.deploys,
    newestDeploys: deployments.newestDeploys,
    kvHistory: kvHistoryQueries(db).changes,
    objectHistory: objectHistoryQueries(db).changes,
    documentHistory: documentHistoryQueries(db).changes,
    documents: documentPageQueries(db).documents,
    files: files.list,
    fileIn: files.fileIn,
    manifestOptions: files.manifestOptions,
    diff: (from: string, to: string, text: boolean) => diffManifests(blobs, from, to, text),
    verify: (after: { readonly seq: number; readonly hash: string } | undefined) => ({ ...verifyPart(db, after), head: log.head() }),
    absent: blobs.absent,
    projectionHeads: () => heads.all(),
    figures: () => cartridgeFigures(db),
    close: () => {
      db.close()
    },
  }
}

export type ReaderQueries = ReturnType<typeof makeReader>
