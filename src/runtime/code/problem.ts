/** What is wrong with server code, and where: line and column count from 1; 0 when it is the file as a whole. */
export interface CodeProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** What may surprise the author of a deploy, but does not stop it. */
export interface CodeWarning {
  readonly file: string
  readonly line: number
  readonly reason: string
}

/** `api/main.js:3:5: Unexpected token`, the way compilers write it. */
export const problemText = ({ file, line, column, message }: CodeProblem): string =>
  `${file}${line === 0 ? "" : `:${line}:${column}`}: ${message}`
