import { parentPort } from "node:worker_threads"
import { makeEngine } from "./blank.ts"

parentPort!.postMessage(makeEngine())
