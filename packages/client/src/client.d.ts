import type { Api, AuditEntry, Deployed, DeployRequest, ErrorCode } from "./api.d.ts"

export type * from "./api.d.ts"

export interface ClientOptions {
  /** Where the server is, such as `https://admin.example.com`. In a browser: where the page comes from, if it is not given. */
  readonly baseUrl?: string | URL | undefined
  /** An API key. Without one a browser on the server's own host sends the cookie of whoever is logged in. */
  readonly key?: string | undefined
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Used instead of the global one. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
}

/** What a single call can be given besides its parameters. */
export interface CallOptions {
  /** Ends the call, which then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A call that takes no parameters can be given none. */
export type NoParams = Readonly<Record<string, never>>

/** A body that is sent as it is. */
export type RawBody = string | Uint8Array | ArrayBuffer | Blob | FormData

/** Part of a list. */
export interface Page<Item, Meta> {
  data: Array<Item>
  meta: Meta
}

/** Where a page of a list is that is counted. */
export interface CountedMeta {
  total: number
  limit: number
  offset: number
}

/** Where a page of a list is that goes on: `next` is what the next page is asked for with, `null` at the end. */
export interface PagedMeta {
  limit: number
  next: string | null
}

/** A list: the page that was asked for, or in `for await` every item from there on, over as many pages as there are. */
export type Paged<Item, Meta = PagedMeta> = Promise<Page<Item, Meta>> & AsyncIterable<Item>

/** The same of a list that is counted. */
export type Counted<Item> = Paged<Item, CountedMeta>

export interface EventsParams {
  /** The seq of an event: those behind it come first, then new ones as they are committed. Without it only new ones come. */
  readonly after?: number | undefined
  readonly site?: string | undefined
  readonly stream?: string | undefined
  readonly type?: string | ReadonlyArray<string> | undefined
  readonly actor?: string | undefined
}

export interface EventsOptions extends CallOptions {
  /** Called once everything that was there has come, whenever a connection was made. `seq`: up to there. */
  readonly onCaughtUp?: ((seq: number) => void) | undefined
}

export type FileContent = string | Uint8Array | ArrayBuffer | Blob

/** Path within the site → content. */
export type DeployFiles = Readonly<Record<string, FileContent>>

export interface DeployOptions extends Omit<DeployRequest, "files">, CallOptions {
  /** Bytes that have been uploaded, and that are to be. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined
}

export interface Client extends Api {
  /** Follows what happens on the server. It ends by `break`, or with the reason of `signal`. */
  readonly events: (params?: EventsParams, options?: EventsOptions) => AsyncGenerator<AuditEntry, void, void>
  /** Publishes files as a site. Only those that the server does not have yet are uploaded: `uploaded` of them. */
  readonly deploy: (site: string, files: DeployFiles, options?: DeployOptions) => Promise<Deployed & { uploaded: number }>
}

/** A client of the admin API of one server. */
export declare const createClient: (options?: ClientOptions) => Client

export interface ErrorFields {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number
  /**
   * What it is known by. Besides the server's codes: `UNREACHABLE` (no answer), `UNEXPECTED_ANSWER` (not of a Fazt server), `INVALID_PARAMETER`
   * (nothing was sent).
   */
  readonly code: ErrorCode | "UNREACHABLE" | "UNEXPECTED_ANSWER" | "INVALID_PARAMETER" | (string & {})
  /** For people. */
  readonly message: string
  readonly details?: unknown
  /** Seconds after which to try again, where the server says so. */
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
}

/** What a call fails with, whether the server refused it or could not be reached. */
export declare class FaztError extends Error implements ErrorFields {
  constructor(fields: ErrorFields)
  readonly status: ErrorFields["status"]
  readonly code: ErrorFields["code"]
  readonly details: unknown
  readonly retryAfter: number | undefined
}
