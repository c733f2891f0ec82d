import * as Options from "@effect/cli/Options"

const roles = ["owner", "admin", "deployer", "viewer"] as const

export const role = Options.choice("role", roles).pipe(
  Options.withDescription("owner, admin (all but owners), deployer (of the sites that are named) or viewer."),
)
