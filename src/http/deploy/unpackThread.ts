import { setPriority } from "node:os"
import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import { portAsk } from "../../commands/writerPort.ts"
import { blobReader } from "../../events/blobs.ts"
import { openForReading } from "../../events/cartridge.ts"
import { answerCalls } from "../../threads.ts"
import { blobSink, type StoredBlob } from "./blobSink.ts"
import { type DeployLimits, type Prepared, prepare } from "./prepare.ts"
import { parseDeployRequest } from "./request.ts"
import { openZip } from "./zip.ts"

export interface UnpackThreadOptions {
  readonly path: string
  readonly writer: MessagePort
}

const { path, writer } = workerData as UnpackThreadOptions

// On Linux this is the thread's own priority: requests go before deploys.
setPriority(5)

const blobs = blobReader(openForReading(path))
const ask = portAsk(writer)
const newSink = () => blobSink(ask, (hash) => blobs.size(hash) !== undefined)

const calls = {
  /** Unpacks the zip at `file` into blobs and prepares its manifest. */
  unpack: async (file: string, spa: boolean | undefined, limits: DeployLimits): Promise<Prepared> => {
    const { maxFiles, maxFileBytes, maxTotalBytes, maxRatio } = limits
    const zip = await openZip(file, { maxEntries: maxFiles, maxFileBytes, maxTotalBytes, maxRatio })
    try {
      const sink = newSink()
      const stored: Array<readonly [string, StoredBlob]> = []
      for (const entry of zip.files) stored.push([entry.path, await sink.store(entry.read())])
      await sink.flush()
      return await prepare(blobs, sink, stored, spa, limits)
    } finally {
      zip.close()
    }
  },
  /** Prepares the manifest of a deploy whose blobs have been uploaded, from the request's body. */
  publish: async (body: string, limits: DeployLimits) => {
    const request = parseDeployRequest(body)
    const prepared = await prepare(blobs, newSink(), Object.entries(request.files), request.spa, limits)
    return { ...prepared, message: request.message, source: request.source }
  },
}

export type UnpackCalls = typeof calls

answerCalls(parentPort!, calls)
