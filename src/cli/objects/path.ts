import * as Args from "@effect/cli/Args"

export const path = Args.text({ name: "path" }).pipe(Args.withDescription("The object's path."))
