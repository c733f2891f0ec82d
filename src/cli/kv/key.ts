import * as Args from "@effect/cli/Args"

export const key = Args.text({ name: "key" }).pipe(Args.withDescription("The key."))
