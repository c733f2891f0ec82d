import { hostFunction } from "./host.ts"

const insert = hostFunction<[collection: string, document: string], string>("ds.insert")
const find = hostFunction<[collection: string, query: string, options: string], string>("ds.find")
const findOne = hostFunction<[collection: string, query: string], string | undefined>("ds.findOne")
const update = hostFunction<[collection: string, query: string, changes: string], number>("ds.update")
const remove = hostFunction<[collection: string, query: string], number>("ds.delete")
const count = hostFunction<[collection: string, query: string], number>("ds.count")
const deleteOldest = hostFunction<[collection: string, keep: number], number>("ds.deleteOldest")
const index = hostFunction<[collection: string, field: string], number>("ds.index")
const dropIndex = hostFunction<[collection: string, field: string], number>("ds.dropIndex")
const collections = hostFunction<[], string>("ds.collections")

const { parse, stringify } = JSON

/** What a document has beside its own fields. Times are epoch milliseconds. */
export interface StoredDocument {
  readonly id: string
  readonly _createdAt: number
  readonly _updatedAt: number
  [field: string]: unknown
}

export type Direction = 1 | -1 | "asc" | "desc"

export interface FindOptions {
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  /** The order of creation: newest first (`"desc"`) if nothing is said. */
  readonly order?: Direction | undefined
  readonly sort?: string | Readonly<Record<string, Direction>> | ReadonlyArray<string | readonly [string, Direction]> | undefined
}

/** An object of conditions, or a document's id. */
export type Query = string | Readonly<Record<string, unknown>>

const failure = (message: string): Error => Object.assign(new TypeError(message), { code: "DS_INVALID" })

/** Names are checked on this side too: not every string comes through to the host as it is. */
const nameOf = (collection: unknown): string => {
  if (typeof collection === "string" && /^[A-Za-z0-9_.:-]{1,128}$/.test(collection)) return collection
  throw failure(`${show(collection)} cannot be the name of a collection: use 1 to 128 letters, digits and _ . : -`)
}

const show = (value: unknown): string => (typeof value === "string" ? stringify(value.slice(0, 80)) : String(value))

const jsonOf = (what: string, value: unknown): string => {
  const json = convert(what, value)
  if (json === undefined) throw failure(`${what} is missing.`)
  return json
}

const convert = (what: string, value: unknown, replace?: (this: unknown, name: string, value: unknown) => unknown): string | undefined => {
  try {
    return stringify(value, replace)
  } catch (error) {
    if (error instanceof TypeError && "code" in error) throw error
    throw failure(`${what} cannot be written as JSON: ${error instanceof Error ? error.message : error}`)
  }
}

/** JSON would drop conditions that are undefined, so that a query would match more than was meant, up to everything. */
const queryOf = (query: unknown): string =>
  convert("A query", query, (name, value) => {
    if (value === undefined || typeof value === "function" || typeof value === "symbol") {
      throw failure(`The query's ${show(name)} is ${typeof value}. Leave it out if it should not count, or use null or { $exists: false }.`)
    }
    if (typeof value === "number" && !Number.isFinite(value))
      throw failure(`The query's ${show(name)} is ${value}, which no document holds.`)
    if (value instanceof RegExp || value instanceof Map || value instanceof Set) {
      throw failure(`The query's ${show(name)} is a ${value.constructor.name}, which cannot be searched for.`)
    }
    return value
  })!

const given = (what: string, query: unknown): string => {
  if (query === undefined || query === null) throw failure(`${what}`)
  return queryOf(query)
}

const optionsOf = (options: unknown): string =>
  convert("The options", options ?? {}, (name, value) => {
    if (typeof value === "number" && !Number.isFinite(value)) throw failure(`The option ${show(name)} is ${value}.`)
    return value
  })!

/** The documents of the site. Every call answers at once; awaiting it does no harm. */
export const makeDs = () => ({
  /** Puts a new document in and returns its id: its own `id`, or a new one. Fails if there is a document with this id. */
  insert: (collection: string, document: object): string => insert(nameOf(collection), jsonOf("A document", document)),
  find: (collection: string, query?: Query | null, options?: FindOptions | null): Array<StoredDocument> =>
    parse(find(nameOf(collection), queryOf(query ?? {}), optionsOf(options))),
  findOne: (collection: string, query: Query): StoredDocument | null => {
    const found = findOne(nameOf(collection), given("ds.findOne needs an id or a query.", query))
    return found === undefined ? null : parse(found)
  },
  /** How many documents matched. */
  update: (collection: string, query: Query, changes: object): number =>
    update(
      nameOf(collection),
      given("ds.update needs an id or a query; {} means every document.", query),
      jsonOf("What is to change", changes),
    ),
  /** How many documents were deleted. */
  delete: (collection: string, query: Query): number =>
    remove(nameOf(collection), given("ds.delete needs an id or a query; {} means every document.", query)),
  count: (collection: string, query?: Query | null): number => count(nameOf(collection), queryOf(query ?? {})),
  /** Deletes all but the newest `keep` documents, and says how many. */
  deleteOldest: (collection: string, keep: number): number => {
    if (typeof keep !== "number") throw failure("ds.deleteOldest needs the number of documents to keep.")
    return deleteOldest(nameOf(collection), keep)
  },
  /** Makes queries by this field fast, from the end of this request on. Whether that is new. */
  index: (collection: string, field: string): boolean => index(nameOf(collection), jsonOf("A field", field)) === 1,
  /** Whether there was such an index. */
  dropIndex: (collection: string, field: string): boolean => dropIndex(nameOf(collection), jsonOf("A field", field)) === 1,
  /** The names of the collections that hold documents. */
  collections: (): Array<string> => parse(collections()),
})

export type Ds = ReturnType<typeof makeDs>
