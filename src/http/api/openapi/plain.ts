import { failuresOf, withRateLimits } from "./answers.ts"
import type { Json } from "./schemas.ts"

const text = { type: "string" } as const

const query = (name: string, description: string, schema: Json = text): Json => ({
  name,
  in: "query",
  required: false,
  description,
  schema,
})

const success = (description: string, content: Json): Json => ({ description, content })

const unchanged: Json = { description: "It is what the client has, by its `If-None-Match`." }

const deployForm = {
  type: "object",
  required: ["site_name", "file"],
  properties: {
    site_name: { ...text, description: "The site, which is made if it is not there." },
    file: { ...text, contentMediaType: "application/zip", description: "The site's files as a zip, under a name that ends with `.zip`." },
    spa: { ...text, enum: ["true", "false"], description: "Whether the front page answers for every path that names no file." },
    message: { ...text, description: "Why, for the history." },
    source_type: { ...text, description: "Where the files come from, such as `git`." },
    source_url: text,
    source_ref: text,
    source_commit: text,
  },
}

/** A message of the stream, and where to go on from. */
const eventStream =
  "Server-Sent Events: each committed event as one message whose id is its seq. `caught_up`: history is over, and what follows is new."

/** Endpoints outside of the contract, by path and method: what they take is no JSON, or what they answer is none. */
export const plainPaths: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  "/api/deploy": {
    post: {
      tags: ["deploys"],
      operationId: "deploys.zip",
      summary: "Publish a zip",
      description: "Unpacks it and makes it the site's newest deploy. This is how deploy programs of the Go server publish.",
      requestBody: { required: true, content: { "multipart/form-data": { schema: deployForm } } },
      responses: {
        200: withRateLimits(
          success("It is live.", {
            "application/json": {
              schema: {
                type: "object",
                required: ["data"],
                properties: { data: { $ref: "#/components/schemas/Deployed" } },
                additionalProperties: false,
              },
            },
          }),
        ),
        ...failuresOf("post"),
      },
    },
  },
  "/api/events/live": {
    get: {
      tags: ["audit"],
      operationId: "audit.live",
      summary: "Events as they happen",
      description:
        "First what is already there behind `after`, then what comes, without a gap and without an event twice. With `Upgrade: websocket` the same over a WebSocket, a message for each event.",
      parameters: [
        query("after", "The seq behind which to begin; without it, with what is yet to come.", { type: "integer", minimum: 0 }),
        query("site", "Only what concerns this site."),
        query("stream", "Only this stream."),
        { ...query("type", "Only these types of events.", { type: "array", items: text, maxItems: 50 }), style: "form", explode: true },
        query("actor", "Only what this one did."),
        {
          name: "Last-Event-ID",
          in: "header",
          required: false,
          description: "Where a browser was when its connection broke. It counts more than `after`.",
          schema: { type: "integer", minimum: 0 },
        },
      ],
      responses: { 200: withRateLimits(success(eventStream, { "text/event-stream": { schema: text } })), ...failuresOf("get") },
    },
  },
  "/metrics": {
    get: {
      tags: ["server"],
      operationId: "server.metrics",
      summary: "Metrics",
      description:
        "Counters, gauges and histograms for a program that watches the server. A program on the server's own machine needs no key.",
      responses: {
        200: success("OpenMetrics, or the older text format of Prometheus where `Accept` prefers plain text.", {
          "application/openmetrics-text": { schema: text },
          "text/plain": { schema: text },
        }),
        ...failuresOf("get"),
      },
    },
  },
  "/health": {
    get: {
      tags: ["server"],
      operationId: "server.alive",
      summary: "Whether the server can answer",
      responses: {
        200: success("It can.", { "text/plain": { schema: { const: "OK\n" } } }),
        503: success("The cartridge cannot be read.", { "text/plain": { schema: text } }),
      },
    },
  },
  "/api/openapi.json": {
    get: {
      tags: ["server"],
      operationId: "server.openapi",
      summary: "This document",
      responses: { 200: success("An OpenAPI 3.1 document.", { "application/json": { schema: { type: "object" } } }), 304: unchanged },
    },
  },
  "/api/docs": {
    get: {
      tags: ["server"],
      operationId: "server.docs",
      summary: "This document, to be read by people",
      responses: { 200: success("A page.", { "text/html": { schema: text } }), 304: unchanged },
    },
  },
}

const bytes: Json = { "application/octet-stream": { schema: {} } }

/** The bodies of endpoints of the contract whose handlers read them by themselves, by operation. */
export const rawBodies: Readonly<Record<string, Json>> = {
  "blobs.upload": { required: true, description: "The bytes, whose SHA-256 is the hash in the path.", content: bytes },
  "blobs.uploadBatch": {
    required: true,
    description: "Many blobs, one behind the other: each is its length, a 32-bit number with the highest byte first, and its bytes.",
    content: bytes,
  },
  "objects.put": {
    required: true,
    description: "The object's bytes. `Content-Type` becomes the object's type.",
    content: { "*/*": { schema: {} } },
  },
}

const anything: Json = { "*/*": { schema: {} } }

/** What is stored, as it is: sent by the same code as the files of sites, with all that HTTP has for them (RFC 9110, 13 and 14). */
const stored: Json = {
  200: success("The bytes, with the type that they are stored with.", anything),
  206: success("The parts that were asked for by `Range`.", anything),
  304: unchanged,
  412: success("It is not what `If-Match` or `If-Unmodified-Since` asks for.", anything),
  416: success("There are no such parts.", anything),
}

/** Answers of endpoints of the contract whose handlers send them by themselves, by operation. */
export const rawAnswers: Readonly<Record<string, Json>> = { "files.content": stored, "objects.get": stored }
