import * as Either from "effect/Either"
import type { BlobWriter } from "../events/blobs.ts"
import type { Sqlite } from "../events/cartridge.ts"
import { isErasableType } from "../events/codec.ts"
import { type Appended, type AppendRequest, InvalidEvent, LogIsReadOnly, NotErasable } from "../events/EventLog.ts"
import { erasureStream } from "../events/erasure.ts"
import { isErased, type Recorded } from "../events/event.ts"
import type { LogWriter } from "../events/log.ts"
import { shreddedBy } from "../events/shredding.ts"
import type { Vault } from "../events/vault.ts"
import type { Projector } from "../projections/projector.ts"
import { type AnyDecider, deciderFor } from "./command.ts"
import type { Handled, WriterRequest } from "./writerRequest.ts"

/** Blobs that no deploy has come to use are kept so long: an upload may be retried. */
export const stagedForMs = 24 * 3_600_000

/** The sweep goes with a deploy, at most so often. */
const sweepEveryMs = 3_600_000

/** Folded streams that are kept, so that a command does not read its stream again. */
const maxStates = 1000

export interface HandlerParts {
  readonly log: LogWriter
  readonly blobs: BlobWriter
  readonly secrets: Vault
  readonly readModels: Projector
  readonly unknown: ReturnType<LogWriter["unknownTypes"]>
  readonly now: () => number
}

/** What a transaction has brought so far. */
interface Done {
  readonly events: Array<Recorded>
  readonly variants: Array<string>
}

/** Does what requests ask, inside a transaction that the caller holds, and notes what the transaction brings. */
export const writerHandler = (db: Sqlite, { log, blobs, secrets, readModels, unknown, now }: HandlerParts) => {
  let states = new Map<string, { readonly version: number; readonly state: unknown }>()
  let swept = now()
  let shredded = false
  let done: Done = { events: [], variants: [] }

  /** Whether the request at hand may have written something, so that refusing it takes a rollback. */
  let mayHaveWritten = false
  const beginToWrite = (): void => {
    mayHaveWritten = true
  }

  const append = (request: AppendRequest, beforeWriting = beginToWrite): Appended => {
    const { appended, events } = log.append(request, now(), beforeWriting)
    readModels.apply(events)
    for (const event of events) done.events.push(event)
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
    // Before secrets are put, so that one may take the place of another under its name.
    events.flatMap(shreddedBy).forEach(shred)
    for (const { ref, secret } of request.secrets ?? []) secrets.put(ref, secret)
    if (command._tag === "DeploySite") keepBlobsOf(command.manifest)
    const withIds = events.map((event, n) => ({ ...event, id: `${id}.${n}` }))
    const expected = version === 0 ? "none" : version
    const appended = append({ actor, cause, streams: [{ stream, expected, events: withIds }] })
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
    mayHaveWritten = false
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
        done.variants.push(...request.variants.filter(({ bytes }) => bytes !== null).map(({ hash }) => hash))
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

  /** What is remembered now, to be given to `reset` after a rollback to this point. */
  const mark = () => ({ log: log.mark(), events: done.events.length, variants: done.variants.length, swept })

  return {
    handle,
    /** Whether the request that was handled last may have written something. */
    mayHaveWritten: () => mayHaveWritten,
    /** To be called when a transaction begins, before its first `mark`. */
    begin: log.begin,
    mark,
    reset: (to: ReturnType<typeof mark>): void => {
      log.reset(to.log)
      readModels.forget()
      states = new Map()
      swept = to.swept
      done.events.length = to.events
      done.variants.length = to.variants
    },
    /** Writes what was gathered; before a savepoint is released. */
    settle: readModels.settle,
    /** The same before the transaction is committed. */
    complete: (): void => {
      if (done.events.length === 0) return
      readModels.settle()
      readModels.moveHeads(log.mark().end.seq)
    },
    /** What the transaction that was committed has brought. */
    takeDone: (): Done => {
      const taken = done
      done = { events: [], variants: [] }
      return taken
    },
    /** Whether a secret has been shredded since this was asked last, even if that was rolled back. */
    takeShredded: (): boolean => {
      const was = shredded
      shredded = false
      return was
    },
  }
}

export type WriterHandler = ReturnType<typeof writerHandler>
