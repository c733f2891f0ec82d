import type { Sqlite } from "../events/cartridge.ts"
import { canonicalJson } from "../events/chain.ts"
import type { Recorded } from "../events/event.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"
import { indexKey, valueAt } from "./documentIndex.ts"
import type { Projection, TableName } from "./projection.ts"
import { usageCounter, usageTable } from "./usage.ts"

/** A document. `seq`: the event that created it, so that order by it is the order of creation. */
export interface DocumentRow {
  readonly seq: number
  readonly id: string
  /** Canonical JSON. */
  readonly data: string
  readonly created_at: number
  readonly updated_at: number
  readonly version: number
}

export interface CollectionRow {
  readonly collection: string
  readonly documents: number
  readonly bytes: number
}

/** The documents of every site, how many each collection and each site has, and the indexes that were declared, with their contents. */
export const documentsProjection: Projection = {
  name: "documents",
  version: 2,
  tables: ["documents", "document_collections", "document_usage", "document_indexes", "document_index"],
  createTables: (table) => `
    CREATE TABLE ${table("documents")} (
      seq        INTEGER PRIMARY KEY,
      site       TEXT NOT NULL,
      collection TEXT NOT NULL,
      id         TEXT NOT NULL,
      data       TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      version    INTEGER NOT NULL,
      UNIQUE (site, collection, id)
    ) STRICT;
    CREATE TABLE ${table("document_collections")} (
      site       TEXT NOT NULL,
      collection TEXT NOT NULL,
      documents  INTEGER NOT NULL,
      bytes      INTEGER NOT NULL,
      PRIMARY KEY (site, collection)
    ) STRICT, WITHOUT ROWID;
    ${usageTable(table("document_usage"))};
    CREATE TABLE ${table("document_indexes")} (
      site       TEXT NOT NULL,
      collection TEXT NOT NULL,
      field      TEXT NOT NULL,
      PRIMARY KEY (site, collection, field)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ${table("document_index")} (
      site       TEXT NOT NULL,
      collection TEXT NOT NULL,
      field      TEXT NOT NULL,
      value      BLOB NOT NULL,
      seq        INTEGER NOT NULL,
      PRIMARY KEY (site, collection, field, value, seq)
    ) STRICT, WITHOUT ROWID`,
  // Events never go back in time, so the order by time is the order by seq.
  createIndexes: "CREATE INDEX documents_by_creation ON documents (site, collection, created_at)",
  prepare: (db, table) => {
    const usage = usageCounter(db, table("document_usage"))
    const documents = documentStatements(db, table, usage.charge)
    const indexes = indexStatements(db, table)

    const remove = (site: string, collection: string, document: Stored): void => {
      documents.remove(site, collection, document)
      indexes.moved(site, collection, document.seq, document.data, undefined)
    }

    const removeIfThere = (site: string, collection: string, id: string): void => {
      const document = documents.find(site, collection, id)
      if (document !== undefined) remove(site, collection, document)
    }

    const write = ({ data: written, seq, at, version }: Recorded & { readonly type: "v1.DocumentWritten" }): void => {
      const { site, collection, id, data } = written
      const text = canonicalJson(data)
      const found = documents.find(site, collection, id)
      if (found !== undefined && written.fresh) remove(site, collection, found)
      const before = written.fresh ? undefined : found
      if (before === undefined) documents.insert({ ...written, text, seq, at, version })
      else documents.update(site, collection, before, { text, at, version })
      indexes.moved(site, collection, before?.seq ?? seq, before?.data, text)
    }

    return {
      apply: (event) => {
        switch (event.type) {
          case "v1.DocumentWritten":
            write(event)
            break
          case "v1.DocumentDeleted":
            removeIfThere(event.data.site, event.data.collection, event.data.id)
            break
          case "v1.DocumentIndexDeclared":
            indexes.declare(event.data.site, event.data.collection, event.data.field)
            break
          case "v1.DocumentIndexDropped":
            indexes.drop(event.data.site, event.data.collection, event.data.field)
            break
        }
      },
      // What was there before an erased change must not come back.
      applyErased: ({ type, stream }) => {
        if (type !== "v1.DocumentWritten") return
        const [, site, collection, id] = stream.split("/") as [string, string, string, string]
        removeIfThere(site, collection, decodeURIComponent(id))
      },
      settle: usage.settle,
      forget: usage.forget,
    }
  },
}

type Stored = Pick<DocumentRow, "seq" | "data">

const documentStatements = (db: Sqlite, table: TableName, charge: (site: string, items: number, bytes: number) => void) => {
  const documents = table("documents")
  const collections = table("document_collections")
  const find = db.prepare<[string, string, string], Stored>(
    `SELECT seq, data FROM ${documents} WHERE site = ? AND collection = ? AND id = ?`,
  )
  const insert = db.prepare(`INSERT INTO ${documents} VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const update = db.prepare(`UPDATE ${documents} SET data = ?, updated_at = ?, version = ? WHERE seq = ?`)
  const remove = db.prepare(`DELETE FROM ${documents} WHERE seq = ?`)
  const add = db.prepare(
    `INSERT INTO ${collections} VALUES (?, ?, ?, ?) ON CONFLICT (site, collection)
     DO UPDATE SET documents = documents + excluded.documents, bytes = bytes + excluded.bytes`,
  )
  const removeEmpty = db.prepare(`DELETE FROM ${collections} WHERE site = ? AND collection = ? AND documents = 0`)

  const count = (site: string, collection: string, items: number, bytes: number): void => {
    add.run(site, collection, items, bytes)
    charge(site, items, bytes)
  }

  return {
    find: (site: string, collection: string, id: string): Stored | undefined => find.get(site, collection, id),
    insert: (document: {
      readonly site: string
      readonly collection: string
      readonly id: string
      readonly text: string
      readonly seq: number
      readonly at: number
      readonly version: number
    }): void => {
      const { site, collection, id, text, seq, at, version } = document
      insert.run(seq, site, collection, id, text, at, at, version)
      count(site, collection, 1, Buffer.byteLength(text))
    },
    update: (
      site: string,
      collection: string,
      before: Stored,
      { text, at, version }: { readonly text: string; readonly at: number; readonly version: number },
    ): void => {
      update.run(text, at, version, before.seq)
      count(site, collection, 0, Buffer.byteLength(text) - Buffer.byteLength(before.data))
    },
    remove: (site: string, collection: string, before: Stored): void => {
      remove.run(before.seq)
      count(site, collection, -1, -Buffer.byteLength(before.data))
      removeEmpty.run(site, collection)
    },
  }
}

const indexStatements = (db: Sqlite, table: TableName) => {
  const declared = table("document_indexes")
  const index = table("document_index")
  const fields = db.prepare<[string, string], string>(`SELECT field FROM ${declared} WHERE site = ? AND collection = ?`).pluck()
  const declare = db.prepare(`INSERT INTO ${declared} VALUES (?, ?, ?) ON CONFLICT DO NOTHING`)
  const drop = db.prepare(`DELETE FROM ${declared} WHERE site = ? AND collection = ? AND field = ?`)
  const dropAll = db.prepare(`DELETE FROM ${index} WHERE site = ? AND collection = ? AND field = ?`)
  const put = db.prepare(`INSERT INTO ${index} VALUES (?, ?, ?, ?, ?)`)
  const remove = db.prepare(`DELETE FROM ${index} WHERE site = ? AND collection = ? AND field = ? AND value = ? AND seq = ?`)
  const page = db.prepare<[string, string, string], Stored & { readonly id: string }>(
    `SELECT seq, id, data FROM ${table("documents")} WHERE site = ? AND collection = ? AND id > ? ORDER BY id LIMIT 500`,
  )
  const keyOf = (data: string, field: string): Buffer => indexKey(valueAt(JSON.parse(data), field.split(".")))

  return {
    /** Moves a document to its new places in the collection's indexes. `undefined`: there was none before, or is none any more. */
    moved: (site: string, collection: string, seq: number, before: string | undefined, after: string | undefined): void => {
      for (const field of fields.all(site, collection)) {
        const old = before === undefined ? undefined : keyOf(before, field)
        const current = after === undefined ? undefined : keyOf(after, field)
        if (old !== undefined && current !== undefined && old.equals(current)) continue
        if (old !== undefined) remove.run(site, collection, field, old, seq)
        if (current !== undefined) put.run(site, collection, field, current, seq)
      }
    },
    /** Also puts every document that the collection has into the new index. */
    declare: (site: string, collection: string, field: string): void => {
      if (declare.run(site, collection, field).changes === 0) return
      for (let rows = page.all(site, collection, ""); rows.length > 0; rows = page.all(site, collection, rows.at(-1)!.id)) {
        for (const { seq, data } of rows) put.run(site, collection, field, keyOf(data, field), seq)
      }
    },
    drop: (site: string, collection: string, field: string): void => {
      drop.run(site, collection, field)
      dropAll.run(site, collection, field)
    },
  }
}

const columns = "d.seq, d.id, d.data, d.created_at, d.updated_at, d.version"

/** Values that an index is walked between, both included. */
export interface IndexRange {
  readonly field: string
  readonly from: Uint8Array
  readonly to: Uint8Array
}

export type IndexedRow = DocumentRow & { readonly key: Buffer }

export const documentQueries = (db: Sqlite) => {
  const one = db.prepare<[string, string, string], DocumentRow>(
    `SELECT ${columns} FROM documents d WHERE site = ? AND collection = ? AND id = ?`,
  )
  const byCreation = (direction: "ASC" | "DESC") =>
    db.prepare<[string, string, number, number], DocumentRow>(
      `SELECT ${columns} FROM documents d WHERE site = ${textParameter} AND collection = ${textParameter} AND created_at BETWEEN ? AND ?
       ORDER BY created_at ${direction}, seq ${direction}`,
    )
  const byIndex = (value: "ASC" | "DESC", creation: "ASC" | "DESC") =>
    db.prepare<[string, string, string, Uint8Array, Uint8Array], IndexedRow>(
      `SELECT ${columns}, i.value AS key FROM document_index i JOIN documents d ON d.seq = i.seq
       WHERE i.site = ${textParameter} AND i.collection = ${textParameter} AND i.field = ${textParameter} AND i.value BETWEEN ? AND ?
       ORDER BY i.value ${value}, i.seq ${creation}`,
    )
  const walks = {
    creation: { 1: byCreation("ASC"), [-1]: byCreation("DESC") },
    index: {
      1: { 1: byIndex("ASC", "ASC"), [-1]: byIndex("ASC", "DESC") },
      [-1]: { 1: byIndex("DESC", "ASC"), [-1]: byIndex("DESC", "DESC") },
    },
  } as const
  const entries = db
    .prepare<[string, string, string, Uint8Array, Uint8Array, number], number>(
      `SELECT count(*) FROM (SELECT 1 FROM document_index WHERE site = ? AND collection = ? AND field = ? AND value BETWEEN ? AND ? LIMIT ${integerParameter})`,
    )
    .pluck()
  const collections = db.prepare<[string], CollectionRow>(
    `SELECT collection, documents, bytes FROM document_collections WHERE site = ${textParameter} ORDER BY collection`,
  )
  const collection = db.prepare<[string, string], CollectionRow>(
    "SELECT collection, documents, bytes FROM document_collections WHERE site = ? AND collection = ?",
  )
  const indexes = db
    .prepare<[string, string], string>(
      `SELECT field FROM document_indexes WHERE site = ${textParameter} AND collection = ${textParameter} ORDER BY field`,
    )
    .pluck()
  const isIndexed = db
    .prepare<[string, string, string], 1>("SELECT 1 FROM document_indexes WHERE site = ? AND collection = ? AND field = ?")
    .pluck()

  return {
    document: (site: string, collection: string, id: string): DocumentRow | undefined => one.get(site, collection, id),
    /** A collection's documents in the order they were created in (1) or backwards (-1), made between two times, both included. */
    byCreation: (site: string, collection: string, direction: 1 | -1, from = 0, to = Number.MAX_SAFE_INTEGER) =>
      walks.creation[direction].iterate(site, collection, from, to),
    /** Documents in the order of an index, and those with the same key in the order of creation. */
    byIndex: (site: string, collection: string, { field, from, to }: IndexRange, value: 1 | -1, creation: 1 | -1) =>
      walks.index[value][creation].iterate(site, collection, field, from, to),
    /** How many documents an index has in a range, counted as far as `max`. */
    entries: (site: string, collection: string, { field, from, to }: IndexRange, max: number): number =>
      entries.get(site, collection, field, from, to, max)!,
    collections: (site: string): ReadonlyArray<CollectionRow> => collections.all(site),
    collection: (site: string, name: string): CollectionRow => collection.get(site, name) ?? { collection: name, documents: 0, bytes: 0 },
    indexes: (site: string, collection: string): ReadonlyArray<string> => indexes.all(site, collection),
    isIndexed: (site: string, collection: string, field: string): boolean => isIndexed.get(site, collection, field) !== undefined,
  }
}

export type DocumentQueries = ReturnType<typeof documentQueries>
