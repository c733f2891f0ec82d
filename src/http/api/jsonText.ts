import * as HttpServerResponse from "@effect/platform/HttpServerResponse"

/**
 * An answer whose data is JSON text already. A list of a thousand things takes several times as long to go through its schema as to be
 * written, all of it time in which nobody else is answered; a test holds the shape to the schema.
 */
export const jsonText = (data: string, meta: object): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(`{"data":${data},"meta":${JSON.stringify(meta)}}`, { contentType: "application/json" })
