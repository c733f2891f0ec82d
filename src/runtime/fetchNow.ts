import { type Binding, GuestError, type HostTask, type Invocation } from "./host.ts"

/**
 * A call to another server for a script that waits for it in the middle of its code: JSON of `{ status, headers, body }`, or of
 * `{ error, code }`.
 */
export const fetchNow = async (fetch: Binding, run: Invocation, request: string, body: string): Promise<string> => {
  const { start } = fetch(() => run)["fetch"] as HostTask
  try {
    const { text, bytes } = await start(...([request, Buffer.from(body)] as never))
    const { status, headers } = JSON.parse(text) as { readonly status: number; readonly headers: ReadonlyArray<string> }
    const byName: Record<string, string> = {}
    for (let i = 0; i < headers.length; i += 2) byName[headers[i]!] ??= headers[i + 1]!
    return JSON.stringify({ status, headers: byName, body: Buffer.from(bytes ?? []).toString("utf8") })
  } catch (error) {
    if (!(error instanceof GuestError)) return JSON.stringify({ error: "Something went wrong in the server.", code: "INTERNAL_ERROR" })
    return JSON.stringify({ error: error.message, code: error.code })
  }
}
