import { randomUUID } from "node:crypto"
import type { Json } from "../../projections/documentIndex.ts"
import { parseChanges } from "../documents/changes.ts"
import { collectionNames, collectionOf, conditionOf } from "../documents/collection.ts"
import { maxDocumentBytes } from "../documents/document.ts"
import { declareIndex, dropIndex } from "../documents/indexes.ts"
import { parseOptions } from "../documents/options.ts"
import { invalid, tooMuch } from "../documents/refusal.ts"
import type { Binding } from "../host.ts"

/** The longest argument, in characters of JSON. What is longer than a document is refused before it is parsed. */
const maxArgument = maxDocumentBytes + 4096

/** Arguments are JSON, except the collection's name and numbers. */
export const dsBinding: Binding = (invocation) => {
  const unit = () => invocation().unit()

  const collection = (name: string) => {
    const run = invocation()
    return collectionOf(name, { unit: unit(), limits: run.limits, checkDeadline: () => run.checkDeadline() })
  }

  return {
    "ds.insert": {
      kind: "sync",
      takes: "ss",
      run: (name: string, document: string) => collection(name).insert(parsed(document), randomUUID),
    },
    "ds.find": {
      kind: "sync",
      takes: "sss",
      run: (name: string, query: string, options: string) =>
        collection(name).find(conditionOf(parsed(query)), parseOptions(parsed(options))),
    },
    "ds.findOne": {
      kind: "sync",
      takes: "ss",
      run: (name: string, query: string) => collection(name).findOne(conditionOf(parsed(query))),
    },
    "ds.update": {
      kind: "sync",
      takes: "sss",
      run: (name: string, query: string, changes: string) =>
        collection(name).update(conditionOf(parsed(query)), parseChanges(parsed(changes))),
    },
    "ds.delete": { kind: "sync", takes: "ss", run: (name: string, query: string) => collection(name).delete(conditionOf(parsed(query))) },
    "ds.count": { kind: "sync", takes: "ss", run: (name: string, query: string) => collection(name).count(conditionOf(parsed(query))) },
    "ds.deleteOldest": { kind: "sync", takes: "sn", run: (name: string, keep: number) => collection(name).deleteOldest(checkKeep(keep)) },
    "ds.index": { kind: "sync", takes: "ss", run: (name: string, field: string) => declareIndex(unit(), name, parsed(field)) },
    "ds.dropIndex": { kind: "sync", takes: "ss", run: (name: string, field: string) => dropIndex(unit(), name, parsed(field)) },
    "ds.collections": { kind: "sync", takes: "", run: () => JSON.stringify(collectionNames(unit())) },
  }
}

const parsed = (json: string): Json => {
  if (json.length > maxArgument) {
    throw tooMuch(`A document, a query or a change may have at most ${maxDocumentBytes} bytes as JSON. Keep large content in s3.`)
  }
  try {
    return JSON.parse(json)
  } catch {
    throw invalid("This is not JSON.")
  }
}

const checkKeep = (keep: number): number => {
  if (Number.isSafeInteger(keep) && keep >= 0) return keep
  throw invalid(`ds.deleteOldest keeps a whole number of documents from 0, not ${keep}.`)
}
