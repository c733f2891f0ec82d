import * as Args from "@effect/cli/Args"

export const collection = Args.text({ name: "collection" }).pipe(Args.withDescription("The collection."))
export const id = Args.text({ name: "id" }).pipe(Args.withDescription("The document's id."))
