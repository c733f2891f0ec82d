/** What a counted list was asked for. */
export interface Paging {
  readonly limit: number
  readonly offset: number
}

/** Part of a short list that is at hand as a whole, as the envelope has it. */
export const counted = <Row, View>(rows: ReadonlyArray<Row>, { limit, offset }: Paging, view: (row: Row) => View) => ({
  data: rows.slice(offset, offset + limit).map(view),
  meta: { total: rows.length, limit, offset },
})
