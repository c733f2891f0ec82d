import * as HttpServerResponse from "@effect/platform/HttpServerResponse"

/** An answer whose data is JSON text already: large lists are not made of it only to be written again. */
export const jsonText = (data: string, meta: object): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(`{"data":${data},"meta":${JSON.stringify(meta)}}`, { contentType: "application/json" })
