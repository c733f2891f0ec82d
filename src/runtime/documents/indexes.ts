import { indexPrefix, indexStream } from "../../events/doc.ts"
import { documentQueries } from "../../projections/documents.ts"
import type { Mutation } from "../layers.ts"
import type { Unit } from "../unit.ts"
import { checkCollection, isOwnField, parsePath } from "./document.ts"
import { invalid, kindOf, tooMuch } from "./refusal.ts"

/** How many indexes a collection may have: each makes every write to it slower. */
const maxIndexes = 16

/** An index is filled by the one writer, while all other writes wait: of a collection with so many documents in a good fraction of a second. */
const maxFilled = 20_000
/** Filling an index of so many is felt: one request declares one. */
const feltFrom = 500

/** What a unit of work has made of an index. */
interface IndexMutation extends Mutation {
  readonly declared: boolean
}

/** Declares that queries by a field are to be fast. Whether that is new. */
export const declareIndex = (unit: Unit, collection: string, field: unknown): boolean => {
  const name = checkField(collection, field)
  if (isDeclared(unit, collection, name)) return false
  const mutations = unit.readRange<IndexMutation>(indexPrefix(unit.site, collection))
  const added = [...mutations.values()].filter(({ declared }) => declared).length
  if (unit.query(documentQueries).indexes(unit.site, collection).length + added >= maxIndexes) {
    throw tooMuch(`A collection may have at most ${maxIndexes} indexes. Drop one that ${collection} no longer needs with ds.dropIndex.`)
  }
  const documents = unit.query(documentQueries).collection(unit.site, collection)?.documents ?? 0
  if (documents > maxFilled) {
    throw tooMuch(
      `${collection} has ${documents} documents, and an index can be declared up to ${maxFilled}: filling it would hold up all writes. Declare indexes while a collection is small.`,
    )
  }
  if (documents > feltFrom && added > 0) throw tooMuch(`${collection} has ${documents} documents: declare one index in a request.`)
  const data = { site: unit.site, collection, field: name }
  const mutation: IndexMutation = { size: undefined, declared: true }
  unit.write(indexStream(unit.site, collection, name), { type: "v1.DocumentIndexDeclared", data }, mutation)
  return true
}

/** Whether there was such an index. */
export const dropIndex = (unit: Unit, collection: string, field: unknown): boolean => {
  const name = checkField(collection, field)
  if (!isDeclared(unit, collection, name)) return false
  const data = { site: unit.site, collection, field: name }
  const mutation: IndexMutation = { size: undefined, declared: false }
  unit.write(indexStream(unit.site, collection, name), { type: "v1.DocumentIndexDropped", data }, mutation)
  return true
}

const isDeclared = (unit: Unit, collection: string, field: string): boolean => {
  const mutation = unit.read<IndexMutation>(indexStream(unit.site, collection, field))
  return mutation?.declared ?? unit.query(documentQueries).isIndexed(unit.site, collection, field)
}

const checkField = (collection: string, field: unknown): string => {
  checkCollection(collection)
  if (typeof field !== "string") throw invalid(`An index is on a field, such as "author" or "address.city", not on ${kindOf(field)}.`)
  const path = parsePath(field)
  if (isOwnField(path[0])) throw invalid(`${path[0]} cannot be indexed: look-ups by id and by time of creation are fast without.`)
  if (!field.isWellFormed()) throw invalid("The name of an indexed field has to be well-formed Unicode.")
  return field
}
