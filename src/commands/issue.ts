/** A field of a request, and the constraint that it does not keep. */
export interface Issue {
  readonly field: string
  readonly constraint: string
}

/** What every refusal with the code VALIDATION_FAILED has as its `details`. */
export interface Issues {
  readonly issues: ReadonlyArray<Issue>
}

/** The details of a refusal for the sake of one field. */
export const issue = (field: string, constraint: string): Issues => ({ issues: [{ field, constraint }] })
