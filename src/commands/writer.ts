import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { type BlobWriter, blobWriter } from "../events/blobs.ts"
import { type Migration, openForWriting, type Sqlite } from "../events/cartridge.ts"
import { isErasableType } from "../events/codec.ts"
import { type Appended, type AppendRequest, type Head, InvalidEvent, LogIsReadOnly, NotErasable } from "../events/EventLog.ts"
import { erasureStream } from "../events/erasure.ts"
import { isErased, type Recorded } from "../events/event.ts"
import { type CartridgeLock, lockCartridge, noteHolder } from "../events/lock.ts"
import { type LogWriter, logWriter } from "../events/log.ts"
import { type Vault, vault, vaultKey } from "../events/vault.ts"
import { type Projector, projector, type RebuildProgress } from "../projections/projector.ts"
import { type AnyDecider, deciderFor } from "./command.ts"
import { rebuildQueue, transactionPerStep } from "./rebuilds.ts"
import { failureOf, isStorageError } from "./storageError.ts"
import { type Committed, type Handled, type Pending, WriterError, type WriterReply, type WriterRequest } from "./writerRequest.ts"

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
}

/** One transaction takes at most so much, so that a flood of uploads cannot hold up a command for long. */
const maxBatchRequests = 512
const maxBatchBytes = 8 * 1024 * 1024

/** Blobs that no deploy has come to use are kept so long: an upload may be retried. */
const stagedForMs = 24 * 3_600_000

/** The sweep goes with a deploy, at most so often. */
const sweepEveryMs = 3_600_000

/** Folded streams that are kept, so that a command does not read its stream again. */
const maxStates = 1000

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
  return writerLoop(db, { lock, log, blobs, secrets, readModels, unknown, now: options.now, onCommitted: options.onCommitted })
}

export type Writer = ReturnType<typeof makeWriter>

/** A new cartridge gets the tables of all projections in one transaction. */
const createTables = (db: Sqlite, readModels: Projector): void => {
  const create = db.transaction(() => {
    for (const projection of readModels.stale()) for (const _ of readModels.rebuild(projection));
  })
  create.immediate()
}

interface Parts {
  readonly lock: CartridgeLock
  readonly log: LogWriter
  readonly blobs: BlobWriter
  readonly secrets: Vault
  readonly readModels: Projector
  readonly unknown: { readonly types: ReadonlyArray<string>; readonly needs: string } | undefined
  readonly now: () => number
  readonly onCommitted: (committed: Committed) => void
}

const writerLoop = (db: Sqlite, { lock, log, blobs, secrets, readModels, unknown, now, onCommitted }: Parts) => {
  const begin = db.prepare("BEGIN IMMEDIATE")
  const commit = db.prepare("COMMIT")
  const rollback = db.prepare("ROLLBACK")
  const savepoint = db.prepare("SAVEPOINT request")
  const release = db.prepare("RELEASE request")
  const rollbackTo = db.prepare("ROLLBACK TO request")

  const queue: Array<Pending> = []
  const rebuilds = rebuildQueue(db, readModels, () => closed)
  let states = new Map<string, { readonly version: number; readonly state: unknown }>()
  let flushing = false
  let swept = now()
  let shredded = false
  let closed = false

  let committedEvents: Array<Recorded> = []
  let committedVariants: Array<string> = []

  /** Whether the request at hand may have written something, so that refusing it takes a rollback. */
  let mayHaveWritten = false
  const beginToWrite = (): void => {
    mayHaveWritten = true
  }

  const append = (request: AppendRequest, beforeWriting = beginToWrite): Appended => {
    const { appended, events } = log.append(request, now(), beforeWriting)
    readModels.apply(events)
    for (const event of events) committedEvents.push(event)
    return appended
  }

  /** The stream's state: remembered, or folded from its events. */
  const stateOf = (stream: string, decider: AnyDecider): { readonly version: number; readonly state: unknown } => {
    const known = states.get(stream)
    if (known !== undefined) return known
    let { initial: state } = decider
    let version = 0
    for (let page = log.readStream(stream, 1, 1000); page.length > 0; page = log.readStream(stream, version + 1, 1000)) {
      for (const entry of page) {
        if (!isErased(entry)) state = decider.evolve(state, entry)
        version = entry.version
      }
    }
    return { version, state }
  }

  const remember = (stream: string, version: number, state: unknown): void => {
    states.delete(stream)
    states.set(stream, { version, state })
    if (states.size > maxStates) states.delete(states.keys().next().value!)
  }

  const handleCommand = (request: WriterRequest & { readonly kind: "command" }): Handled => {
    const { command, id, actor, cause } = request
    const repeated = log.appendedAs(id)
    if (repeated !== undefined) return { appended: repeated }
    const decider = deciderFor(command)
    const stream = decider.stream(command)
    const { version, state } = stateOf(stream, decider)
    const events = Either.getOrThrowWith(decider.decide(command, state), (error) => error)
    if (events.length === 0) return { appended: undefined }
    beginToWrite()
    for (const { ref, secret } of request.secrets ?? []) secrets.put(ref, secret)
    if (command._tag === "DeploySite") keepBlobsOf(command.manifest)
    const withIds = events.map((event, n) => ({ ...event, id: `${id}.${n}` }))
    const expected = version === 0 ? "none" : version
    const appended = append({ actor, cause, streams: [{ stream, expected, events: withIds }] })
    for (const event of events) if (event.type === "v1.EnvPurged") event.data.refs.forEach(shred)
    remember(stream, version + events.length, events.reduce(decider.evolve, state))
    return { appended }
  }

  /** Takes a secret out of the vault, and its bytes out of the file. */
  const shred = (ref: string): void => {
    db.pragma("secure_delete = ON")
    secrets.shred(ref)
    shredded = true
  }

  /** A deploy uses these blobs from now on; what nobody has come to use for a day goes. */
  const keepBlobsOf = (manifest: string): void => {
    const { files } = readModels.manifest(manifest)
    const hashes = [manifest, ...Object.values(files).map(({ hash }) => hash)]
    const [absent] = blobs.absent(hashes)
    if (absent !== undefined) throw new Error(`The blob ${absent} of a deploy is not in the cartridge.`)
    blobs.keep(hashes)
    if (now() - swept < sweepEveryMs) return
    swept = now()
    blobs.sweepStaged(swept - stagedForMs)
  }

  const handle = (request: WriterRequest): unknown => {
    if (unknown !== undefined) throw new LogIsReadOnly(unknown)
    switch (request.kind) {
      case "command":
        return handleCommand(request)
      case "append":
        forgetStates(request.request)
        return append(request.request)
      case "unit":
        return appendUnit(request)
      default:
        beginToWrite()
        return handleOther(request)
    }
  }

  const forgetStates = ({ streams }: AppendRequest): void => {
    if (states.size > 0) for (const { stream } of streams) states.delete(stream)
  }

  /** What is refused after it has begun to write, if at all. */
  const handleOther = (request: Exclude<WriterRequest, { readonly kind: "command" | "append" | "unit" }>): unknown => {
    switch (request.kind) {
      case "putBlobs":
        return request.blobs.map((bytes) => blobs.put(bytes, now()))
      case "beginBlob":
        return blobs.begin()
      case "putChunk":
        return blobs.putChunk(request.upload, request.n, request.bytes)
      case "finishBlob":
        return blobs.finish(request.upload, request.hash, request.size, now())
      case "abandonBlob":
        return blobs.abandon(request.upload)
      case "putVariants":
        for (const variant of request.variants) blobs.putVariant(variant)
        committedVariants.push(...request.variants.filter(({ bytes }) => bytes !== null).map(({ hash }) => hash))
        return undefined
      case "erase":
        return erase(request)
      case "rebuild":
        throw new Error("A rebuild runs in transactions of its own.")
    }
  }

  /** A unit's events and the blobs that they name go in together, or not at all. */
  const appendUnit = ({ request, blobs: bytes }: WriterRequest & { readonly kind: "unit" }): Appended => {
    forgetStates(request)
    return append(request, () => {
      beginToWrite()
      keepBlobsOfUnit(request, bytes)
    })
  }

  const keepBlobsOfUnit = ({ streams }: AppendRequest, bytes: ReadonlyArray<Uint8Array>): void => {
    const hashes = bytes.map((blob) => blobs.putWhole(blob, now()))
    for (const { events } of streams) {
      for (const { data } of events) if ("blob" in data && data.blob !== undefined) hashes.push(data.blob)
    }
    if (hashes.length === 0) return
    const [absent] = blobs.absent(hashes)
    if (absent !== undefined) throw new InvalidEvent({ reason: `The blob ${absent} of a unit of work is not in the cartridge.` })
    blobs.keep(hashes)
  }

  /** Takes the payload out of the row and out of every projection that had read it; what they show is what a replay gives. */
  const erase = ({ seq, id, reason, actor, cause }: WriterRequest & { readonly kind: "erase" }): void => {
    const entry = log.read(seq, 1)[0]
    if (entry === undefined || entry.seq !== seq) throw new NotErasable({ seq, reason: "there is no such event." })
    if (isErased(entry)) return
    if (!isErasableType(entry.type)) throw new NotErasable({ seq, reason: `other facts lean on ${entry.type}.` })
    db.pragma("secure_delete = ON")
    log.erasePayload(seq)
    states.delete(entry.stream)
    append({
      actor,
      cause,
      streams: [{ stream: erasureStream(seq), expected: "none", events: [{ id, type: "v1.PayloadErased", data: { seq, reason } }] }],
    })
    for (const projection of readModels.payloadReaders) for (const _ of readModels.rebuild(projection));
  }

  /** Runs one request. Storage failures are thrown on: they end the whole transaction. */
  const attempt = (request: WriterRequest): WriterReply => {
    mayHaveWritten = false
    try {
      return { ok: true, value: handle(request) }
    } catch (error) {
      if (isStorageError(error)) throw error
      if (mayHaveWritten) throw new RefusedHalfway()
      return refusal(error)
    }
  }

  /** Runs one request in a savepoint. */
  const attemptApart = (request: WriterRequest): WriterReply => {
    const mark = log.mark()
    const events = committedEvents.length
    const variants = committedVariants.length
    savepoint.run()
    try {
      const value = handle(request)
      readModels.settle()
      release.run()
      return { ok: true, value }
    } catch (error) {
      if (isStorageError(error)) throw error
      rollbackTo.run()
      release.run()
      log.reset(mark)
      readModels.forget()
      committedEvents.length = events
      committedVariants.length = variants
      return refusal(error)
    }
  }

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
    if (!erased && !shredded) return
    shredded = false
    db.pragma("secure_delete = FAST")
    scrub()
  }

  /** An erased payload or secret must not survive in the write-ahead log either; a reader that still needs the log is waited for. */
  const scrub = (): void => {
    if (closed) return
    if (!emptiesWriteAheadLog(db)) setTimeout(scrub, 1000).unref()
  }

  /** Runs all of them in one transaction and gives their replies; when it throws, nothing has happened. */
  const transact = (batch: ReadonlyArray<Pending>, run: (request: WriterRequest) => WriterReply): ReadonlyArray<WriterReply> => {
    log.begin()
    const mark = log.mark()
    try {
      begin.run()
      const replies = batch.map(({ request }) => run(request))
      if (committedEvents.length > 0) {
        readModels.settle()
        readModels.moveHeads(log.mark().end.seq)
      }
      commit.run()
      return replies
    } catch (error) {
      if (db.inTransaction) rollback.run()
      log.reset(mark)
      readModels.forget()
      states = new Map()
      committedEvents = []
      committedVariants = []
      throw error
    }
  }

  /**
   * A savepoint for each request would have SQLite copy every page that it changes. So they run without; only a request that is refused
   * after it has begun to write, which is rare, has all of them run again, now apart from each other.
   */
  const runBatch = (batch: ReadonlyArray<Pending>): ReadonlyArray<WriterReply> => {
    try {
      return transact(batch, attempt)
    } catch (error) {
      if (!(error instanceof RefusedHalfway)) throw error
      return transact(batch, attemptApart)
    }
  }

  const commitBatch = (batch: ReadonlyArray<Pending>): void => {
    let replies: ReadonlyArray<WriterReply>
    try {
      replies = runBatch(batch)
    } catch (error) {
      const reply = failureOf(error)
      for (const pending of batch) pending.reply(reply)
      return
    }
    if (committedEvents.length > 0 || committedVariants.length > 0) {
      const events = committedEvents.map(({ seq, type, stream }) => ({ seq, type, stream }))
      onCommitted({ events, variants: committedVariants })
      committedEvents = []
      committedVariants = []
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
    }
  }

  return {
    /** Queues a request; what is queued in one turn of the event loop shares a transaction. */
    submit: (request: WriterRequest, reply: (reply: WriterReply) => void): void => {
      if (closed) return reply({ ok: false, defect: new Error("The writer is closed.") })
      queue.push({ request, reply })
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
      db.pragma("optimize")
      db.close()
      lock.release()
    },
  }
}

/** A request was refused after it had begun to write. */
class RefusedHalfway extends Error {
  override readonly name = "RefusedHalfway"
}

const refusal = (error: unknown): WriterReply => (Schema.is(WriterError)(error) ? { ok: false, error } : { ok: false, defect: error })

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
