import type { Binding } from "../host.ts"

/** The site's environment variables, for a request that asks for them. As JSON: values are any text. */
export const envBinding: Binding = (invocation) => ({
  "env.all": { kind: "sync", takes: "", run: () => JSON.stringify(invocation().env) },
})
