import { parentPort } from "node:worker_threads"
import { compareSync } from "bcryptjs"
import { answerCalls } from "../../threads.ts"

const calls = {
  /** Bcrypt takes the first 72 bytes of a password in UTF-8, and so does this. */
  matches: (password: string, hash: string): boolean => compareSync(password, hash),
}

export type BcryptCalls = typeof calls

answerCalls(parentPort!, calls)
