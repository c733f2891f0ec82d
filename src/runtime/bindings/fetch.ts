import type { Egress, Outgoing } from "../egress/egress.ts"
import { badRequest, netError } from "../egress/errors.ts"
import { type Binding, GuestError, type HostAnswer, type Invocation } from "../host.ts"

/** How many calls each run has made. */
const calls = new WeakMap<Invocation, number>()

/**
 * `fetch` of user code, over the given way out. The guest passes `{ url, method, headers, redirect, hasBody }` as JSON and the
 * body's bytes; it gets `{ status, statusText, headers, url, redirected }` and bytes. Headers are name and value in turn.
 */
export const fetchBindingOver =
  (net: () => Egress | Promise<Egress>): Binding =>
  (invocation) => {
    const count = (run: Invocation): void => {
      const made = calls.get(run) ?? 0
      if (made >= run.limits.subrequests)
        throw netError(
          "NET_LIMIT",
          `One request may make ${run.limits.subrequests} calls to other servers, redirects included (functions.subrequests). This would be one more.`,
        )
      calls.set(run, made + 1)
      run.outbound()
    }

    const start = async (text: string, view: Uint8Array): Promise<HostAnswer> => {
      const run = invocation()
      const { hasBody, ...request } = requestOf(text)
      // The view is of the guest's memory, which belongs to others as soon as this call has returned.
      const body = hasBody ? Uint8Array.from(view) : undefined
      const { limits } = run
      const way = await net()
      // Nothing may go out that rests on what was never stored; the run is begun again then.
      if (!(await run.settled())) throw new GuestError("Something that this request has read has changed meanwhile.", { code: "CONFLICT" })
      const { body: bytes, ...answer } = await way.send(
        { ...request, body },
        {
          site: run.site,
          allowedHosts: limits.allowedHosts,
          maxBytes: limits.subrequestBytes,
          ms: limits.subrequestMs,
          signal: run.signal,
          beforeEach: () => count(run),
        },
      )
      return { text: JSON.stringify(answer), bytes }
    }

    return { fetch: { kind: "async", takes: "sb", start } }
  }

/** One way out for all sandboxes of a thread, opened when it is first needed. */
let shared: Promise<Egress> | undefined

/** The global `fetch`. What it takes to reach other servers is loaded when the first call is made: most threads never make one. */
export const fetchBinding: Binding = fetchBindingOver(() => (shared ??= import("../egress/egress.ts").then(({ egress }) => egress())))

const requestOf = (text: string): Omit<Outgoing, "body"> & { readonly hasBody: boolean } => {
  const { url, method, headers, redirect, hasBody } = JSON.parse(text) as Readonly<Record<string, unknown>>
  if (typeof url !== "string" || typeof method !== "string") throw badRequest("fetch needs a URL and a method.")
  if (!Array.isArray(headers) || headers.length % 2 === 1 || !headers.every((item) => typeof item === "string"))
    throw badRequest("The headers of a call are names and values.")
  if (redirect !== "follow" && redirect !== "manual" && redirect !== "error") throw badRequest('redirect is "follow", "manual" or "error".')
  return { url, method, headers, redirect, hasBody: hasBody === true }
}
