import { type CodeProblem, problemText } from "../../runtime/code/problem.ts"

/** A deploy that cannot be published as it was sent. */
export class DeployRefused extends Error {
  override readonly name = "DeployRefused"
  readonly code: string
  readonly status: number
  readonly details: unknown
  constructor(fields: { readonly code: string; readonly status: number; readonly message: string; readonly details?: unknown }) {
    super(fields.message)
    this.code = fields.code
    this.status = fields.status
    this.details = fields.details
  }
}

export const fileTooLarge = (path: string, max: number) =>
  new DeployRefused({
    code: "FILE_TOO_LARGE",
    status: 413,
    message: `${JSON.stringify(path)} is larger than the ${max} bytes that a file may have (limits.file_bytes).`,
  })

export const pathInvalid = (path: string, reason: string) =>
  new DeployRefused({ code: "PATH_INVALID", status: 400, message: `${JSON.stringify(path)} cannot be a file's path: ${reason}.` })

/** Server code that cannot be read (`CODE_INVALID`) or does not start (`CODE_FAILED`); `details` say where. */
export const codeRefused = (code: "CODE_INVALID" | "CODE_FAILED", problem: CodeProblem) => {
  const { file, line, column } = problem
  return new DeployRefused({ code, status: 400, message: problemText(problem), details: { file, line, column } })
}
