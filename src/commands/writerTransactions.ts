import * as Schema from "effect/Schema"
import type { Sqlite } from "../events/cartridge.ts"
import { isStorageError } from "./storageError.ts"
import type { WriterHandler } from "./writerHandler.ts"
import { WriterError, type WriterReply, type WriterRequest } from "./writerRequest.ts"

/** Gives the replies to a batch of requests that it has committed together; when it throws, nothing has happened. */
export const writerTransactions = (db: Sqlite, handler: WriterHandler) => {
  const begin = db.prepare("BEGIN IMMEDIATE")
  const commit = db.prepare("COMMIT")
  const rollback = db.prepare("ROLLBACK")
  const savepoint = db.prepare("SAVEPOINT request")
  const release = db.prepare("RELEASE request")
  const rollbackTo = db.prepare("ROLLBACK TO request")

  /** Runs one request. Storage failures are thrown on: they end the whole transaction. */
  const attempt = (request: WriterRequest): WriterReply => {
    try {
      return { ok: true, value: handler.handle(request) }
    } catch (error) {
      if (isStorageError(error)) throw error
      if (handler.mayHaveWritten()) throw new RefusedHalfway()
      return refusal(error)
    }
  }

  /** Runs one request in a savepoint. */
  const attemptApart = (request: WriterRequest): WriterReply => {
    const mark = handler.mark()
    savepoint.run()
    try {
      const value = handler.handle(request)
      handler.settle()
      release.run()
      return { ok: true, value }
    } catch (error) {
      if (isStorageError(error)) throw error
      rollbackTo.run()
      release.run()
      handler.reset(mark)
      return refusal(error)
    }
  }

  const transact = (requests: ReadonlyArray<WriterRequest>, run: (request: WriterRequest) => WriterReply): ReadonlyArray<WriterReply> => {
    handler.begin()
    const mark = handler.mark()
    try {
      begin.run()
      const replies = requests.map(run)
      handler.complete()
      commit.run()
      return replies
    } catch (error) {
      if (db.inTransaction) rollback.run()
      handler.reset(mark)
      throw error
    }
  }

  /**
   * A savepoint for each request would have SQLite copy every page that it changes. So they run without; only a request that is refused
   * after it has begun to write, which is rare, has all of them run again, now apart from each other.
   */
  return (requests: ReadonlyArray<WriterRequest>): ReadonlyArray<WriterReply> => {
    try {
      return transact(requests, attempt)
    } catch (error) {
      if (!(error instanceof RefusedHalfway)) throw error
      return transact(requests, attemptApart)
    }
  }
}

/** A request was refused after it had begun to write. */
class RefusedHalfway extends Error {
  override readonly name = "RefusedHalfway"
}

const refusal = (error: unknown): WriterReply => (Schema.is(WriterError)(error) ? { ok: false, error } : { ok: false, defect: error })
