import { parentPort, workerData } from "node:worker_threads"
import { answerCalls } from "../threads.ts"
import { makeReader } from "./reader.ts"

/** The reader thread: scanning queries over a read-only connection of its own. */
answerCalls(parentPort!, makeReader((workerData as { readonly path: string }).path))
