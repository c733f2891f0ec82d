import type { BlockStatement, Node, Program, Statement } from "acorn"

/** Holds the completion value of a script that has become a function. */
const value = "__fazt_value"
/** Holds it while a `finally` runs. */
const kept = "__fazt_kept"

/**
 * A script as a function that returns the script's completion value: the value of the last expression statement that ran
 * (ECMA-262, 16.1.6 and 14). So a script is compiled once for many runs. Lines stay where they are.
 */
export const asCompletionFunction = (code: string, program: Program): string => {
  const insertions: Array<readonly [position: number, text: string]> = []
  const insert = (position: number, text: string): void => {
    insertions.push([position, text])
  }
  const wrap = (node: Node): void => {
    // A statement that runs nothing in it completes with undefined, not with the value of the one before it.
    insert(node.start, `{${value}=void 0;`)
    insert(node.end, "}")
  }

  const visit = (node: Statement): void => {
    switch (node.type) {
      case "ExpressionStatement":
        insert(node.expression.start, `${value}=(`)
        insert(node.expression.end, ")")
        return
      case "BlockStatement":
        for (const statement of node.body) visit(statement)
        return
      case "IfStatement":
        wrap(node)
        visit(node.consequent)
        if (node.alternate != null) visit(node.alternate)
        return
      case "LabeledStatement": {
        const labeled = unlabeled(node)
        // A loop has to stay next to its label.
        if (isCompound(labeled)) {
          wrap(node)
          visitInside(labeled)
        } else visit(labeled)
        return
      }
      case "TryStatement":
        wrap(node)
        visit(node.block)
        if (node.handler != null) {
          insert(node.handler.body.start + 1, `${value}=void 0;`)
          visit(node.handler.body)
        }
        if (node.finalizer != null) visitFinally(node.finalizer)
        return
      default:
        if (isCompound(node)) {
          wrap(node)
          visitInside(node)
        }
    }
  }

  /** The parts of a loop or switch. */
  const visitInside = (node: Statement): void => {
    switch (node.type) {
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "WhileStatement":
      case "DoWhileStatement":
      case "WithStatement":
        visit(node.body)
        return
      case "SwitchStatement":
        for (const { consequent } of node.cases) for (const statement of consequent) visit(statement)
        return
      default:
    }
  }

  /** What it runs counts only if it leaves by `break` or `continue`. */
  const visitFinally = (block: BlockStatement): void => {
    insert(block.start + 1, `const ${kept}=${value};${value}=void 0;`)
    for (const statement of block.body) visit(statement)
    insert(block.end - 1, `;${value}=${kept}`)
  }

  const statements = program.body as ReadonlyArray<Statement>
  const directives = statements.findLastIndex((node) => "directive" in node && node.directive !== undefined) + 1
  // They are directives only as they stand, at the very beginning.
  const last = statements[directives - 1]
  if (last !== undefined) insert(last.end, `;${value}=${code.slice(last.start, last.end).replace(/;$/, "")};`)
  for (const statement of statements.slice(directives)) visit(statement)
  return `(function(){${withInsertions(code.replace(/^#!/, "//"), insertions)}\n;return ${value};var ${value}})`
}

const unlabeled = (node: Statement): Statement => (node.type === "LabeledStatement" ? unlabeled(node.body) : node)

const isCompound = ({ type }: Node): boolean =>
  ["ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement", "SwitchStatement", "WithStatement"].includes(
    type,
  )

/** At one position, what closes comes before what opens. */
const withInsertions = (code: string, insertions: ReadonlyArray<readonly [number, string]>): string => {
  const order = insertions.map(([position, text], i) => ({ position, text, i }))
  const closes = (text: string): boolean => text === ")" || text === "}"
  order.sort(
    (a, b) => a.position - b.position || Number(closes(b.text)) - Number(closes(a.text)) || (closes(a.text) ? b.i - a.i : a.i - b.i),
  )
  let result = ""
  let from = 0
  for (const { position, text } of order) {
    result += code.slice(from, position) + text
    from = position
  }
  return result + code.slice(from)
}
