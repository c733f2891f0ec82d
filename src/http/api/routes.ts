import type { IncomingMessage } from "node:http"
import * as HttpApi from "@effect/platform/HttpApi"
import { Api } from "./Api.ts"
import { policy } from "./policy.ts"

/** The endpoint that a request is for. */
export interface Route {
  /** As in the policy: `GET /api/sites/:site`. */
  readonly endpoint: string
  /** What stands in the path where the pattern has names; `*` is the rest of it. Decoded. */
  readonly params: Readonly<Record<string, string>>
}

export type Match = Route | { readonly endpoint: undefined; readonly allowed: ReadonlyArray<string> }

interface Node {
  readonly parts: Map<string, Node>
  /** Any one part, under this name. */
  any: { readonly name: string; readonly node: Node } | undefined
  /** The endpoints that end here, by method; behind `*`, whatever follows. */
  readonly ends: Map<string, string>
  readonly rest: Map<string, string>
}

const newNode = (): Node => ({ parts: new Map(), any: undefined, ends: new Map(), rest: new Map() })

const add = (root: Node, method: string, path: string): void => {
  const endpoint = `${method} ${path}`
  let node = root
  for (const part of path.slice(1).split("/")) {
    if (part === "*") return void node.rest.set(method, endpoint)
    if (part.startsWith(":")) {
      node.any ??= { name: part.slice(1), node: newNode() }
      if (node.any.name !== part.slice(1)) throw new Error(`${path} calls ${part} what another path calls :${node.any.name}.`)
      node = node.any.node
    } else {
      const next = node.parts.get(part) ?? newNode()
      node.parts.set(part, next)
      node = next
    }
  }
  node.ends.set(method, endpoint)
}

const tree = (() => {
  const root = newNode()
  HttpApi.reflect(Api, { onGroup: () => {}, onEndpoint: ({ endpoint: { method, path } }) => add(root, method, path) })
  for (const endpoint of Object.keys(policy)) {
    const [method, path] = endpoint.split(" ") as [string, string]
    add(root, method, path)
  }
  return root
})()

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    // Only reached by what no endpoint takes: paths are checked before they come here.
    return part
  }
}

/** Finds the endpoint for a method and a path, which is already normalised. HEAD is answered as GET. */
export const matchRoute = (method: string, path: string): Match => {
  const wanted = method === "HEAD" ? "GET" : method
  // A slash at the end makes no difference, as it makes none to the framework's router.
  const parts = (path.endsWith("/") ? path.slice(0, -1) : path).slice(1).split("/")
  const allowed = new Set<string>()

  const at = (node: Node, i: number, params: Readonly<Record<string, string>>): Route | undefined => {
    if (i === parts.length) return pick(node.ends, params)
    const part = parts[i]!
    const fixed = node.parts.get(part)
    const found = fixed === undefined ? undefined : at(fixed, i + 1, params)
    if (found !== undefined) return found
    if (node.any !== undefined && part !== "") {
      const named = at(node.any.node, i + 1, { ...params, [node.any.name]: decoded(part) })
      if (named !== undefined) return named
    }
    const rest = parts.slice(i).join("/")
    return rest === "" ? undefined : pick(node.rest, { ...params, "*": decoded(rest) })
  }
  const pick = (ends: ReadonlyMap<string, string>, params: Readonly<Record<string, string>>): Route | undefined => {
    const endpoint = ends.get(wanted)
    if (endpoint === undefined) for (const other of ends.keys()) allowed.add(other)
    return endpoint === undefined ? undefined : { endpoint, params }
  }

  return at(tree, 0, {}) ?? { endpoint: undefined, allowed: [...allowed].sort() }
}

const known = new WeakMap<IncomingMessage, Match>()

/** The endpoint of a request, looked for once. */
export const routeOf = (req: IncomingMessage): Match => {
  const found = known.get(req)
  if (found !== undefined) return found
  const url = req.url ?? "/"
  const query = url.indexOf("?")
  const match = matchRoute(req.method ?? "GET", query < 0 ? url : url.slice(0, query))
  known.set(req, match)
  return match
}
