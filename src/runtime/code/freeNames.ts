import type { AnyNode, Program } from "acorn"

/** Names that a program uses without declaring them: what it takes from the global object. */
export interface FreeNames {
  /** Read, other than in `typeof name`, which asks only whether it is there. */
  readonly read: ReadonlySet<string>
  readonly written: ReadonlySet<string>
}

interface Scope {
  readonly names: Set<string>
  readonly parent: Scope | undefined
}

type Work = readonly [node: AnyNode, scope: Scope]

/** Walks with a list of work instead of recursion, since minified code nests deeper than a stack. */
export const freeNames = (program: Program): FreeNames => {
  const read = new Set<string>()
  const written = new Set<string>()
  const top: Scope = { names: new Set(), parent: undefined }
  declareVars(program.body, top.names)
  declareLexical(program.body, top.names)
  const work: Array<Work> = program.body.map((node): Work => [node, top])

  const use = (name: string, scope: Scope, into: Set<string>): void => {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.names.has(name)) return
    into.add(name)
  }
  /** The parts of a pattern that are evaluated; `assigns`: its names are targets, not declarations. */
  const pattern = (node: AnyNode, scope: Scope, assigns: boolean): void => {
    for (const part of patternParts(node)) {
      if (part.isTarget && part.node.type === "Identifier") {
        if (assigns) use(part.node.name, scope, written)
      } else work.push([part.node, scope])
    }
  }
  const inner = (parent: Scope): Scope => ({ names: new Set(), parent })

  for (let item = work.pop(); item !== undefined; item = work.pop()) {
    const [node, scope] = item
    switch (node.type) {
      case "Identifier":
        use(node.name, scope, read)
        break
      case "UnaryExpression":
        if (node.operator !== "typeof" || node.argument.type !== "Identifier") work.push([node.argument, scope])
        break
      case "AssignmentExpression":
        pattern(node.left, scope, true)
        if (node.operator !== "=" && node.left.type === "Identifier") use(node.left.name, scope, read)
        work.push([node.right, scope])
        break
      case "VariableDeclarator":
        pattern(node.id, scope, false)
        if (node.init) work.push([node.init, scope])
        break
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression": {
        const within = inner(scope)
        if (node.type !== "ArrowFunctionExpression") within.names.add("arguments")
        if (node.type === "FunctionExpression" && node.id) within.names.add(node.id.name)
        for (const param of node.params) {
          declarePattern(param, within.names)
          pattern(param, within, false)
        }
        const body = node.body.type === "BlockStatement" ? node.body.body : [node.body]
        declareVars(body, within.names)
        declareLexical(body, within.names)
        for (const child of body) work.push([child, within])
        break
      }
      case "ClassDeclaration":
      case "ClassExpression": {
        const within = inner(scope)
        if (node.id) within.names.add(node.id.name)
        if (node.superClass) work.push([node.superClass, within])
        work.push([node.body, within])
        break
      }
      case "StaticBlock":
      case "BlockStatement": {
        const within = inner(scope)
        if (node.type === "StaticBlock") declareVars(node.body, within.names)
        declareLexical(node.body, within.names)
        for (const child of node.body) work.push([child, within])
        break
      }
      case "SwitchStatement": {
        const within = inner(scope)
        work.push([node.discriminant, scope])
        for (const { test, consequent } of node.cases) {
          declareLexical(consequent, within.names)
          for (const child of test ? [test, ...consequent] : consequent) work.push([child, within])
        }
        break
      }
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement": {
        const within = inner(scope)
        const head = node.type === "ForStatement" ? node.init : node.left
        if (head?.type === "VariableDeclaration") declareLexical([head], within.names)
        if (head && head.type !== "VariableDeclaration" && node.type !== "ForStatement") pattern(head, within, true)
        for (const child of childrenOf(node))
          if (child !== head || node.type === "ForStatement" || head.type === "VariableDeclaration") work.push([child, within])
        break
      }
      case "CatchClause": {
        const within = inner(scope)
        if (node.param) {
          declarePattern(node.param, within.names)
          pattern(node.param, within, false)
        }
        work.push([node.body, within])
        break
      }
      case "MemberExpression":
        work.push([node.object, scope])
        if (node.computed) work.push([node.property, scope])
        break
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition":
        if (node.computed) work.push([node.key, scope])
        if (node.value) work.push([node.value, scope])
        break
      case "LabeledStatement":
        work.push([node.body, scope])
        break
      case "ExportNamedDeclaration":
        if (node.declaration) work.push([node.declaration, scope])
        break
      case "BreakStatement":
      case "ContinueStatement":
      case "MetaProperty":
      case "ImportDeclaration":
      case "ExportAllDeclaration":
        break
      default:
        for (const child of childrenOf(node)) work.push([child, scope])
    }
  }
  return { read, written }
}

/** Every node of a program, in no particular order. */
export function* nodesOf(program: Program): Generator<AnyNode> {
  const work: Array<AnyNode> = [program]
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    yield node
    for (const child of childrenOf(node)) work.push(child)
  }
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && typeof (value as { readonly type?: unknown }).type === "string"

const childrenOf = (node: AnyNode): ReadonlyArray<AnyNode> => Object.values(node).flat().filter(isNode)

/** The targets of a pattern (names or member expressions), and the default values and computed keys in it. */
const patternParts = (pattern: AnyNode): ReadonlyArray<{ readonly node: AnyNode; readonly isTarget: boolean }> => {
  const parts: Array<{ readonly node: AnyNode; readonly isTarget: boolean }> = []
  const work: Array<AnyNode | null> = [pattern]
  while (work.length > 0) {
    const node = work.pop()
    if (!node) continue
    if (node.type === "ObjectPattern") work.push(...node.properties)
    else if (node.type === "ArrayPattern") work.push(...node.elements)
    else if (node.type === "RestElement") work.push(node.argument)
    else if (node.type === "AssignmentPattern") {
      work.push(node.left)
      parts.push({ node: node.right, isTarget: false })
    } else if (node.type === "Property") {
      if (node.computed) parts.push({ node: node.key, isTarget: false })
      work.push(node.value)
    } else parts.push({ node, isTarget: true })
  }
  return parts
}

const declarePattern = (pattern: AnyNode, names: Set<string>): void => {
  for (const { node, isTarget } of patternParts(pattern)) if (isTarget && node.type === "Identifier") names.add(node.name)
}

/** `let`, `const`, `class`, functions and imports that stand directly in a list of statements. */
const declareLexical = (statements: ReadonlyArray<AnyNode>, names: Set<string>): void => {
  for (const statement of statements) {
    const node =
      (statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration") && statement.declaration
        ? statement.declaration
        : statement
    if (node.type === "VariableDeclaration") for (const { id } of node.declarations) declarePattern(id, names)
    else if ((node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && node.id) names.add(node.id.name)
    else if (node.type === "ImportDeclaration") for (const { local } of node.specifiers) names.add(local.name)
  }
}

const ownVariables = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression", "PropertyDefinition", "StaticBlock"])

/** `var` and functions anywhere in a function's body, but not in functions inside it. */
const declareVars = (body: ReadonlyArray<AnyNode>, names: Set<string>): void => {
  const work = [...body]
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    if (node.type === "VariableDeclaration" && node.kind === "var") for (const { id } of node.declarations) declarePattern(id, names)
    if (node.type === "FunctionDeclaration" && node.id) names.add(node.id.name)
    if (!ownVariables.has(node.type)) for (const child of childrenOf(node)) work.push(child)
  }
}
