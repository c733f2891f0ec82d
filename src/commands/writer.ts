import { blobWriter } from "../events/blobs.ts"
import { type Migration, openForWriting, type Sqlite } from "../events/cartridge.ts"
import { type Head, LogIsReadOnly } from "../events/EventLog.ts"
import { type CartridgeLock, lockCartridge, noteHolder } from "../events/lock.ts"
import { logWriter } from "../events/log.ts"
import { vault, vaultKey } from "../events/vault.ts"
import { type Projector, projector, type RebuildProgress } from "../projections/projector.ts"
import { rebuildQueue, transactionPerStep } from "./rebuilds.ts"
import { failureOf, isFull, isStorageError } from "./storageError.ts"
import { type HandlerParts, stagedForMs, writerHandler } from "./writerHandler.ts"
import { type WriterMeter, writerMeter } from "./writerMeter.ts"
import type { Committed, Pending, WriterReply, WriterRequest } from "./writerRequest.ts"
import { writerTransactions } from "./writerTransactions.ts"

export interface WriterOptions {
  readonly path: string
  readonly migrations: ReadonlyArray<Migration>
  /** This program's version. */
  readonly release: string
  readonly masterKey: string | undefined
  /** Who we are, for a second process that finds the cartridge taken. */
  readonly holder: string
  /** The wall clock, epoch milliseconds. */
  readonly now: () => number
  readonly onCommitted: (committed: Committed) => void
  /** Called while changed projections are rebuilt before the writer is ready. */
  readonly onRebuild: (progress: RebuildProgress) => void
  /** The memory of a `writerMeter`, for those who want to read what the writer does. */
  readonly meter?: SharedArrayBuffer
}

/** One transaction takes at most so much, so that a flood of uploads cannot hold up a command for long. */
const maxBatchRequests = 512
const maxBatchBytes = 8 * 1024 * 1024

/**
 * The one writer of a cartridge: decides, appends and projects, many waiting requests in one transaction (group commit: one
 * fsync serves all), so that a refusal touches nobody else. Plain and synchronous inside.
 */
export const makeWriter = (options: WriterOptions) => {
  const lock = lockCartridge(options.path)
  try {
    return openWriter(options, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

const openWriter = (options: WriterOptions, lock: CartridgeLock) => {
  const db = openForWriting(options.path, options.migrations)
  noteHolder(db, options.holder)
  const log = logWriter(db, options.release)
  const blobs = blobWriter(db)
  const secrets = vault(db, vaultKey(db, options.masterKey))
  const readModels = projector(db, log, blobs)
  const unknown = log.unknownTypes()
  if (unknown === undefined) {
    if (log.head().seq === 0) createTables(db, readModels)
    for (const projection of readModels.stale()) {
      for (const progress of transactionPerStep(db, readModels.rebuild(projection))) options.onRebuild(progress)
    }
    readModels.ready()
    blobs.sweep(options.now() - stagedForMs)
  }
  const { now, onCommitted } = options
  return writerLoop(db, { lock, log, blobs, secrets, readModels, unknown, now, onCommitted, meter: writerMeter(options.meter) })
}

export type Writer = ReturnType<typeof makeWriter>

/** A new cartridge gets the tables of all projections in one transaction. */
const createTables = (db: Sqlite, readModels: Projector): void => {
  const create = db.transaction(() => {
    for (const projection of readModels.stale()) for (const _ of readModels.rebuild(projection));
  })
  create.immediate()
}

interface Parts extends HandlerParts {
  readonly lock: CartridgeLock
  readonly onCommitted: (committed: Committed) => void
  readonly meter: WriterMeter
}

const writerLoop = (db: Sqlite, { lock, onCommitted, meter, ...parts }: Parts) => {
  const { log, readModels, unknown } = parts
  const handler = writerHandler(db, parts)
  const commitTogether = writerTransactions(db, handler)
  const rebuilds = rebuildQueue(db, readModels, () => closed)
  const queue: Array<Pending> = []
  let flushing = false
  let closed = false

  const takeBatch = (): ReadonlyArray<Pending> => {
    let bytes = 0
    let n = 0
    while (n < queue.length && n < maxBatchRequests && bytes < maxBatchBytes && queue[n]!.request.kind !== "rebuild") {
      bytes += sizeOf(queue[n]!.request)
      n++
    }
    return queue.splice(0, n)
  }

  const flushBatch = (batch: ReadonlyArray<Pending>): void => {
    commitBatch(batch)
    const erased = batch.some(({ request }) => request.kind === "erase")
    if (erased) rebuilds.restart()
    const shredded = handler.takeShredded()
    if (!erased && !shredded) return
    db.pragma("secure_delete = FAST")
    scrub()
  }

  /** An erased payload or secret must not survive in the write-ahead log either; a reader that still needs the log is waited for. */
  const scrub = (): void => {
    if (closed) return
    if (!emptiesWriteAheadLog(db)) setTimeout(scrub, 1000).unref()
  }

  const commitBatch = (batch: ReadonlyArray<Pending>): void => {
    let replies: ReadonlyArray<WriterReply>
    const begun = performance.now()
    const seconds = (): number => (performance.now() - begun) / 1000
    try {
      replies = commitTogether(batch.map(({ request }) => request))
    } catch (error) {
      meter.failed(batch.length, seconds())
      const reply = failureOf(error)
      for (const pending of batch) pending.reply(reply)
      return
    }
    const { events, variants } = handler.takeDone()
    meter.committed(batch.length, events.length, seconds())
    if (events.length > 0 || variants.length > 0) {
      onCommitted({ events: events.map(({ seq, type, stream }) => ({ seq, type, stream })), variants })
    }
    batch.forEach(({ reply }, i) => {
      reply(replies[i]!)
    })
  }

  const startRebuild = (pending: Pending): void => {
    if (unknown === undefined) rebuilds.add(pending)
    else pending.reply({ ok: false, error: new LogIsReadOnly(unknown) })
  }

  const flush = (): void => {
    flushing = false
    while (queue.length > 0) {
      if (queue[0]!.request.kind === "rebuild") startRebuild(queue.shift()!)
      else flushBatch(takeBatch())
      meter.queued(queue.length)
    }
  }

  return {
    /** Queues a request; what is queued in one turn of the event loop shares a transaction. */
    submit: (request: WriterRequest, reply: (reply: WriterReply) => void): void => {
      if (closed) return reply({ ok: false, defect: new Error("The writer is closed.") })
      queue.push({ request, reply })
      meter.queued(queue.length)
      if (flushing) return
      flushing = true
      setImmediate(flush)
    },
    head: (): Head => log.head(),
    readOnly: unknown,
    /** Lets the file grow to so many pages and no further, as a full disk would. */
    limitPages: (pages: number): void => {
      db.pragma(`max_page_count = ${pages}`)
    },
    /** Commits what is queued and closes the file. */
    close: (): void => {
      if (closed) return
      flush()
      closed = true
      try {
        optimize(db)
      } finally {
        db.close()
        lock.release()
      }
    },
  }
}

/** Renews the figures by which SQLite chooses indexes. A full disk may have no room for them; the old ones serve too. */
const optimize = (db: Sqlite): void => {
  try {
    db.pragma("optimize")
  } catch (error) {
    if (!isFull(error)) throw error
  }
}

/** Tries once: waiting for a reader, as a request that waits for another server is one, would hold up every writer. */
const emptiesWriteAheadLog = (db: Sqlite): boolean => {
  const patience = db.pragma("busy_timeout", { simple: true })
  db.pragma("busy_timeout = 0")
  try {
    const [result] = db.pragma("wal_checkpoint(TRUNCATE)") as ReadonlyArray<{ readonly busy: number }>
    return result?.busy === 0
  } catch (error) {
    if (isStorageError(error)) return false
    throw error
  } finally {
    db.pragma(`busy_timeout = ${patience}`)
  }
}

const sizeOf = (request: WriterRequest): number => {
  if (request.kind === "putBlobs") return request.blobs.reduce((sum, bytes) => sum + bytes.byteLength + 256, 0)
  if (request.kind === "putChunk") return request.bytes.byteLength
  if (request.kind === "unit") return sizeOfUnit(request)
  return 256
}

const sizeOfUnit = ({ request, blobs }: WriterRequest & { readonly kind: "unit" }): number => {
  let bytes = 256
  for (const blob of blobs) bytes += blob.byteLength
  for (const { events } of request.streams) {
    for (const { data } of events) bytes += 256 + ("size" in data && !("blob" in data) ? data.size : 0)
  }
  return bytes
}
